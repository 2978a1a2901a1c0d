/** Whether somebody does what we need of them, a service or a disk: that they are away is told once, and once that they are back. */
import type { Clock } from './clock.ts'

export interface ReachOptions {
  readonly clock: Pick<Clock, 'now'>
  /** ms; back is who has not failed for so long, so that one that comes and goes is told no more than now and then. */
  readonly quietMs: number
  readonly onAway: (reason: string) => void
  /** `lost`: how much was lost meanwhile. */
  readonly onBack: (lost: number) => void
}

export class Reach {
  private readonly options: ReachOptions
  /** Monotonic ms of its last failure; undefined: it is there. */
  private failedAt: number | undefined = undefined
  private lost = 0

  constructor(options: ReachOptions) {
    this.options = options
  }

  /** `lost`: how much is lost by it. */
  failed(reason: string, lost = 0): void {
    const { clock, onAway } = this.options
    const wasAway = this.failedAt !== undefined
    this.failedAt = clock.now()
    this.lost += lost
    // Last: where a log is away, what it is told by may be a line of that log.
    if (!wasAway) onAway(reason)
  }

  answered(): void {
    const { failedAt, lost } = this
    const { clock, quietMs, onBack } = this.options
    if (failedAt === undefined || clock.now() - failedAt < quietMs) return
    this.failedAt = undefined
    this.lost = 0
    onBack(lost)
  }
}

/** What events call the service at a URL: without its query, which may hold what is not for a log. */
export function serviceName(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
