/** Tasks of an exchange for later, each an event of its own: what it writes to one socket leaves together. */
import type { Cancel, Clock } from '../clock.ts'
import { enter, leave } from '../net/outbox.ts'
import { type TimerEntry, type TimerWheel, unarmed } from '../net/timer-wheel.ts'

/** For time-outs: coarse, never early, and after what has arrived meanwhile when the process stood still. Armed at once. */
export class Alarm implements TimerEntry {
  readonly timer = unarmed()
  private readonly wheel: TimerWheel
  private readonly task: () => void

  constructor(wheel: TimerWheel, delayMs: number, task: () => void) {
    this.wheel = wheel
    this.task = task
    wheel.arm(this, delayMs)
  }

  cancel(): void {
    this.wheel.remove(this)
  }

  onTimeout(): void {
    asEvent(this.task)
  }
}

/** For waits of a few milliseconds, which the wheel is too coarse for. */
export const later = (clock: Pick<Clock, 'after'>, delayMs: number, task: () => void): Cancel =>
  clock.after(delayMs, () => asEvent(task))

function asEvent(task: () => void): void {
  enter()
  try {
    task()
  } finally {
    leave()
  }
}
