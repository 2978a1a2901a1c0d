/**
 * Time-outs for many sockets at the cost of a store each (Varghese and Lauck, 1987: a hashed wheel). An entry that is
 * armed again for later stays where it hangs; when its slot comes round it is hung on anew. Timeouts are coarse: they
 * fire up to three ticks late and never early.
 *
 * The wheel goes on by one tick at a time, however late that comes: when the process stood still (stopped, suspended, out
 * of memory), so did everybody's time to answer it, and what has arrived meanwhile is read before anybody is called late.
 */
import type { Cancel, Clock } from '../clock.ts'

/** What can be timed. The wheel owns the fields; make them with `unarmed`. */
export interface TimerEntry {
  readonly timer: TimerLink
  /** Called when the time-out is over; the entry is unarmed by then. */
  onTimeout(): void
}

export interface TimerLink {
  /** Tick at which it is due; Infinity: unarmed. */
  due: number
  /** Tick whose slot it hangs in; -1: in none. */
  slot: number
  previous: TimerEntry | undefined
  next: TimerEntry | undefined
}

export const unarmed = (): TimerLink => ({ due: Infinity, slot: -1, previous: undefined, next: undefined })

const SLOTS = 512

export class TimerWheel {
  private readonly clock: Clock
  private readonly reportFault: (error: unknown) => void
  private readonly tickMs: number
  private readonly slots: (TimerEntry | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  private current = 0
  /** When the current tick was due, on the clock. */
  private tickedAt = 0
  private size = 0
  private cancelTick: Cancel | undefined = undefined

  /**
   * `reportFault` takes what a time-out throws, which is a bug of ours. `tickMs`: how coarse time-outs are; 100 ms is well
   * under the shortest that anybody configures.
   */
  constructor(clock: Clock, reportFault: (error: unknown) => void, tickMs = 100) {
    this.clock = clock
    this.reportFault = reportFault
    this.tickMs = tickMs
  }

  /** Monotonic ms of the current tick, for whoever does well with a coarse clock; stands still while nothing is armed. */
  get now(): number {
    return this.current * this.tickMs
  }

  /** Arms or re-arms `entry`, due `delayMs` from now. */
  arm(entry: TimerEntry, delayMs: number): void {
    if (this.cancelTick === undefined) this.start()
    const link = entry.timer
    // One tick may come at once, and the one behind it make up for its delay.
    link.due = this.current + Math.ceil(delayMs / this.tickMs) + 2
    if (link.slot !== -1) {
      if (link.slot <= link.due) return
      this.unhang(entry)
    }
    this.hang(entry)
  }

  /** Takes the time-out back. The entry may hang on until its slot comes; `remove` it when its socket has gone. */
  disarm(entry: TimerEntry): void {
    entry.timer.due = Infinity
  }

  remove(entry: TimerEntry): void {
    entry.timer.due = Infinity
    if (entry.timer.slot !== -1) this.unhang(entry)
  }

  private start(): void {
    this.tickedAt = this.clock.now()
    this.scheduleTick(this.tickMs)
  }

  private scheduleTick(delayMs: number): void {
    this.cancelTick = this.clock.after(delayMs, () => this.tick())
  }

  private tick(): void {
    const now = this.clock.now()
    // A delay of less than a tick is made up for by the next one; a longer one is time that did not pass.
    this.tickedAt = Math.max(this.tickedAt + this.tickMs, now - this.tickMs)
    this.current += 1
    this.visit(this.current)
    this.cancelTick = undefined
    if (this.size > 0) this.scheduleTick(Math.max(0, this.tickedAt + this.tickMs - now))
  }

  /**
   * One entry at a time is taken off, since its time-out may remove others of the same slot. What is hung on meanwhile
   * hangs in another one: less than a round ahead.
   */
  private visit(tick: number): void {
    const index = tick % SLOTS
    for (let entry = this.slots[index]; entry !== undefined; entry = this.slots[index]) {
      this.unhang(entry)
      const link = entry.timer
      if (link.due <= tick) {
        link.due = Infinity
        this.fire(entry)
      } else if (link.due !== Infinity) {
        this.hang(entry)
      }
    }
  }

  /** A bug behind one time-out must not cost the others theirs. */
  private fire(entry: TimerEntry): void {
    try {
      entry.onTimeout()
    } catch (error) {
      this.reportFault(error)
    }
  }

  private hang(entry: TimerEntry): void {
    const link = entry.timer
    link.slot = Math.min(link.due, this.current + SLOTS - 1)
    const index = link.slot % SLOTS
    const head = this.slots[index]
    link.previous = undefined
    link.next = head
    if (head !== undefined) head.timer.previous = entry
    this.slots[index] = entry
    this.size += 1
  }

  private unhang(entry: TimerEntry): void {
    const link = entry.timer
    if (link.previous === undefined) this.slots[link.slot % SLOTS] = link.next
    else link.previous.timer.next = link.next
    if (link.next !== undefined) link.next.timer.previous = link.previous
    link.slot = -1
    link.previous = undefined
    link.next = undefined
    this.size -= 1
  }
}
