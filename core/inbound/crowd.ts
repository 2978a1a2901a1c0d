/** Whether more clients want to be connected than may be: then each response ends its connection, so that all of them get a turn. */
import type { Cancel, Clock } from '../clock.ts'

/** How long it lasts behind the last who had to wait. */
const CROWD_MS = 1000

export class Crowd {
  isThere = false
  private readonly clock: Pick<Clock, 'after'>
  private cancel: Cancel | undefined = undefined

  constructor(clock: Pick<Clock, 'after'>) {
    this.clock = clock
  }

  /** Somebody has to wait. */
  note(): void {
    this.isThere = true
    this.cancel?.()
    this.cancel = this.clock.after(CROWD_MS, () => this.end())
  }

  end(): void {
    this.isThere = false
    this.cancel?.()
    this.cancel = undefined
  }
}
