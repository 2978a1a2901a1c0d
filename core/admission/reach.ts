/** Tells once that a service is away, and once that it is back; one that comes and goes is told no more than now and then. */
import type { Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'

export interface ReachOptions {
  /** What events call it. */
  readonly service: string
  readonly emit: Emit
  readonly clock: Pick<Clock, 'now'>
  /** Back is who has not failed for so long. */
  readonly quietMs: number
}

export class Reach {
  private readonly options: ReachOptions
  /** Monotonic ms of its last failure; undefined: it is there. */
  private failedAt: number | undefined = undefined

  constructor(options: ReachOptions) {
    this.options = options
  }

  failed(detail: string): void {
    const { service, emit, clock } = this.options
    const wasAway = this.failedAt !== undefined
    this.failedAt = clock.now()
    if (!wasAway) emit({ kind: 'auth-away', service, detail })
  }

  answered(): void {
    const { service, emit, clock, quietMs } = this.options
    if (this.failedAt === undefined || clock.now() - this.failedAt < quietMs) return
    this.failedAt = undefined
    emit({ kind: 'auth-back', service })
  }
}

/** What events call the service at a URL: without its query, which may hold what is not for a log. */
export function serviceName(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
