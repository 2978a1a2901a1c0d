/** Tells once that a service is away, and once that it is back; one that comes and goes is told no more than now and then. */
import type { Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'

/** Back is who has not failed for so long. */
const QUIET_MS = 5000

export class Reach {
  private readonly service: string
  private readonly emit: Emit
  private readonly clock: Pick<Clock, 'now'>
  /** Monotonic ms of its last failure; undefined: it is there. */
  private failedAt: number | undefined = undefined

  /** `service`: what events call it. */
  constructor(service: string, emit: Emit, clock: Pick<Clock, 'now'>) {
    this.service = service
    this.emit = emit
    this.clock = clock
  }

  failed(detail: string): void {
    const wasAway = this.failedAt !== undefined
    this.failedAt = this.clock.now()
    if (!wasAway) this.emit({ kind: 'auth-away', service: this.service, detail })
  }

  answered(): void {
    if (this.failedAt === undefined || this.clock.now() - this.failedAt < QUIET_MS) return
    this.failedAt = undefined
    this.emit({ kind: 'auth-back', service: this.service })
  }
}

/** What events call the service at a URL: without its query, which may hold what is not for a log. */
export function serviceName(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
