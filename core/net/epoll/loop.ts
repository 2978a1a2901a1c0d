/**
 * The loop of our own sockets: one edge-triggered epoll for the process, in which Bun's own loop lives on. It runs from
 * Bun's immediates while there is a socket. Each turn waits, does what has come, and goes back to Bun, whose epoll is one
 * of those that are waited for; timers of `systemClock` end the wait when they are due, those of others up to `MAX_WAIT_MS`
 * late.
 */
import type { SystemClock } from '../../clock.ts'
import { enter, enterNext, leave } from '../outbox.ts'
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLET, EPOLLIN, eventWords } from '../linux.ts'
import { type Arena, type Calls, systemError } from './calls.ts'

/** What has a descriptor in the loop. */
export interface Watched {
  /** Tells this use of its descriptor from earlier ones, which may still have events in the batch. Set by the loop. */
  generation: number
  /** `events`: bits of epoll_ctl(2), never 0. The outbox is open. */
  onEvents(events: number): void
  /** It asked for another turn by `again`, behind the events that came. The outbox is open. */
  onAgain(): void
  /** One of the two threw, or what they wrote did. */
  onFault(error: unknown): void
}

/** Told of behind one wait: who comes then has to wait for all of them. */
const MAX_EVENTS = 64
/** Of 7 µs each. */
const EVENTS_A_READING = 8
/** Not an event, but a turn that was asked for. */
const NOTHING = 0
/** Waits of a turn: promises and timers have theirs when it is over. All but the first only look. */
const MAX_WAITS = 8
/** How long these may keep a task waiting. */
const MAX_TURN_MS = 2
/** How late a timer may be that is not of `systemClock`. Waking up so often costs 0.2 % of a core. */
const MAX_WAIT_MS = 20

export class EpollLoop {
  readonly calls: Calls
  readonly clock: SystemClock
  private readonly descriptor: number
  private readonly bunDescriptor: number
  private readonly events: Arena
  /** Of each event three numbers: what happened, the descriptor, its generation. */
  private readonly words: Int32Array
  private readonly stride = eventWords(process.arch)
  private readonly watched: (Watched | undefined)[] = []
  private size = 0
  private generation = 0
  /** Events told of since the last wait, and turns. */
  private told = 0
  private isRunning = false
  private waiting: Watched[] = []
  private spare: Watched[] = []
  private readonly turn = (): void => this.run()

  /** `bunDescriptor`: Bun's epoll. Throws an error with the system's `code`. */
  constructor(calls: Calls, clock: SystemClock, bunDescriptor: number) {
    this.calls = calls
    this.clock = clock
    this.bunDescriptor = bunDescriptor
    this.events = calls.arena((MAX_EVENTS + 1) * this.stride * 4)
    this.words = new Int32Array(this.events.bytes.buffer)
    this.descriptor = calls.call.epoll_create1(EPOLL_CLOEXEC)
    if (this.descriptor < 0) throw systemError(calls.errno(), 'epoll_create1')
    try {
      this.control(EPOLL_CTL_ADD, bunDescriptor, EPOLLIN | EPOLLET, 0)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** For one that has no sockets, and is to have none. */
  close(): void {
    this.calls.call.close(this.descriptor)
  }

  /** Tells `watched` of `events` on `descriptor` from now on. Throws an error with the system's `code`. */
  add(descriptor: number, watched: Watched, events: number): void {
    this.generation = (this.generation + 1) | 0
    watched.generation = this.generation
    this.control(EPOLL_CTL_ADD, descriptor, events, this.generation)
    this.watched[descriptor] = watched
    this.size += 1
    if (this.isRunning) return
    this.isRunning = true
    this.clock.inNextTurn(this.turn)
  }

  /** Other events for one that is there; what it asks for and has already come is told of again. */
  change(descriptor: number, watched: Watched, events: number): void {
    this.control(EPOLL_CTL_MOD, descriptor, events, watched.generation)
  }

  /** `successor` hears instead. */
  replace(descriptor: number, successor: Watched): void {
    successor.generation = this.watched[descriptor]?.generation ?? 0
    this.watched[descriptor] = successor
  }

  /** The descriptor is about to be closed, which takes it out of the epoll. */
  remove(descriptor: number): void {
    this.watched[descriptor] = undefined
    this.size -= 1
  }

  /** The descriptor goes to somebody else, open. */
  letGo(descriptor: number): void {
    this.remove(descriptor)
    this.control(EPOLL_CTL_DEL, descriptor, 0, 0)
  }

  /** `watched` has another turn, behind the events that have come. */
  again(watched: Watched): void {
    this.waiting.push(watched)
  }

  /** Tells of what has come by now, once. */
  look(): void {
    this.dispatch(this.calls.call.epoll_wait(this.descriptor, this.events.address, MAX_EVENTS, 0))
  }

  /** One turn. */
  private run(): void {
    this.isRunning = this.hasWork
    if (!this.isRunning) return
    const { clock } = this
    const { call } = this.calls
    let timeoutMs = this.waiting.length > 0 ? 0 : clock.untilNext(MAX_WAIT_MS)
    let endsAt = Infinity
    for (let wait = 0; wait < MAX_WAITS; wait += 1) {
      const count = call.epoll_wait(this.descriptor, this.events.address, MAX_EVENTS, timeoutMs)
      if (wait === 0) endsAt = clock.now() + MAX_TURN_MS
      this.told = -1
      const isBunDue = this.dispatch(count)
      this.goOn()
      if (count <= 0 || isBunDue) break
      if (clock.hasTask && clock.now() >= endsAt) break
      timeoutMs = 0
    }
    clock.inNextTurn(this.turn)
  }

  private get hasWork(): boolean {
    return this.size > 0 || this.waiting.length > 0
  }

  /** Whether one of the events was Bun's. */
  private dispatch(count: number): boolean {
    const { words, stride, watched, bunDescriptor } = this
    const [at, generationAt] = stride === 3 ? [1, 2] : [2, 3]
    let isBunDue = false
    for (let index = 0; index < count; index += 1) {
      const base = index * stride
      const descriptor = words[base + at] as number
      if (descriptor === bunDescriptor) {
        isBunDue = true
        continue
      }
      const one = watched[descriptor]
      if (one === undefined || one.generation !== words[base + generationAt]) continue
      this.tell(one, words[base] as number)
    }
    return isBunDue
  }

  /** A turn for each that has asked for one, and not yet for who asks meanwhile. */
  private goOn(): void {
    const due = this.waiting
    if (due.length === 0) return
    this.waiting = this.spare
    this.spare = due
    for (const one of due) this.tell(one, NOTHING)
    due.length = 0
  }

  /** Nobody else hears of what comes of it: the others have their turn, and the loop its next. */
  private tell(one: Watched, events: number): void {
    try {
      this.enter()
      try {
        if (events === NOTHING) one.onAgain()
        else one.onEvents(events)
      } finally {
        leave()
      }
    } catch (error) {
      this.blame(one, error)
    }
  }

  /** The clock is read for one event of some. */
  private enter(): void {
    this.told += 1
    if (this.told % EVENTS_A_READING === 0) enter()
    else enterNext()
  }

  private blame(one: Watched, error: unknown): void {
    try {
      one.onFault(error)
    } catch (worse) {
      // The business of the process, in a turn of its own.
      this.clock.inNextTurn(() => {
        throw worse
      })
    }
  }

  private control(operation: number, descriptor: number, events: number, generation: number): void {
    const { words, stride, calls, events: arena } = this
    // Behind those that are being told of.
    const base = MAX_EVENTS * stride
    words[base] = events
    words[base + stride - 2] = descriptor
    words[base + stride - 1] = generation
    const address = arena.address + base * 4
    if (calls.call.epoll_ctl(this.descriptor, operation, descriptor, address) < 0)
      throw systemError(calls.errno(), 'epoll_ctl')
  }
}
