/**
 * Where requests wait for room in a pool: bounded in number and in time, in an order. Who waits is a head that has been
 * read and nothing more; whoever leaves, or has waited long enough, frees the place. It outlives reloads with its pool.
 */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { LatencyBuckets } from '../observe/buckets.ts'
import type { PoolCounters } from '../observe/counters.ts'
import type { Problem } from '../stream/client-stream.ts'
import { Line, type Place } from './line.ts'
import type { QueuePolicy } from './policy.ts'

/** A request that finds no room. */
export interface Entrant {
  /** Of its route; the higher ones go first. */
  readonly priority: number
  /** When it must be over, in monotonic ms; Infinity: whenever. Who has no room by then is turned away. */
  readonly endsAt: number
  /** How long its client says that it waits, in ms; undefined: it does not say. Asked where it counts. */
  readonly patienceMs: () => number | undefined
  /** How long it has waited before, in ms, when it was tried elsewhere since. */
  readonly waitedMs: number
  /** Backends that have failed it, whose room is none for it. */
  readonly tried: readonly Backend[]
}

export interface PoolQueueOptions {
  readonly clock: Clock
  /** Gives whoever waits a turn in an event of its own. */
  readonly turns: { next(waiting: { onTurn(): void }): void }
  readonly counters: PoolCounters
  /** Of the times that requests have waited, however that ended. */
  readonly waits: Pick<LatencyBuckets, 'record'>
  /** Whether a request could be given to a backend now, other than those that it was `tried` at. */
  readonly hasRoom: (tried: readonly Backend[]) => boolean
  /** Somebody had to wait, or was turned away. */
  readonly onFull: () => void
}

type Decide = (verdict: Verdict) => void

interface Waiting extends Place {
  /** Monotonic ms. */
  readonly since: number
  readonly tried: readonly Backend[]
  readonly decide: Decide
  readonly cancelTimeout: Cancel
}

const NOBODY: readonly Backend[] = []

/** Requests let in before others have their turn, each of which costs as much as any request does. */
const MOST_A_TURN = 32

const ADMITTED: Verdict = { kind: 'admitted' }

const turnedAway = (detail: string): Verdict => {
  const problem: Problem = { status: 503, detail, retryAfterSeconds: 1 }
  return { kind: 'refused', problem }
}

const FULL = turnedAway('every backend is at its bound')
const NO_PLACE = turnedAway('every backend is at its bound, and nobody more may wait')

export class PoolQueue {
  private readonly options: PoolQueueOptions
  private readonly line = new Line<Waiting>()
  /** Those who had to make place, and are to hear of it. */
  private readonly displaced = new Set<Waiting>()
  private policy: QueuePolicy | undefined = undefined
  private entered = 0

  /** Nobody may wait before `update` has brought a policy. */
  constructor(options: PoolQueueOptions) {
    this.options = options
  }

  /** Those who wait. */
  get length(): number {
    return this.line.length
  }

  /** Whether somebody waits who is about to be let in, before anybody who comes now. Cheap while no backend has room. */
  get isDue(): boolean {
    const { line, options } = this
    return line.length > 0 && options.hasRoom(NOBODY) && line.has(({ tried }) => options.hasRoom(tried))
  }

  /** Whether one of that priority may wait. */
  hasPlace(priority: number): boolean {
    const { policy, line } = this
    return policy !== undefined && (line.length < policy.length || isBefore(priority, line.last))
  }

  /** undefined: nobody may wait any more. Who waits already goes on to wait as the policy was when it came. */
  update(policy: QueuePolicy | undefined): void {
    this.policy = policy
  }

  /** Asked by a request that finds no room, or finds others waiting for that. */
  enter(entrant: Entrant): Verdict {
    const { policy } = this
    this.options.onFull()
    if (policy === undefined) return this.turnAway(FULL)
    if (!this.hasPlace(entrant.priority)) return this.turnAway(NO_PLACE)
    if (this.line.length >= policy.length) this.displaceLast()
    return { kind: 'later', wait: (decide) => this.wait(entrant, policy, decide) }
  }

  /** There may be room: whoever is first to have a use for it is let in, in an event of its own. */
  wake(): void {
    if (this.line.length > 0) this.options.turns.next(this)
  }

  /** One after the other, since each takes room. */
  onTurn(): void {
    for (const waiting of this.displaced) {
      this.displaced.delete(waiting)
      waiting.decide(this.turnAway(NO_PLACE))
    }
    const { line, options } = this
    for (let count = 0; line.length > 0 && options.hasRoom(NOBODY); count += 1) {
      if (count === MOST_A_TURN) return this.wake()
      const first = line.take(({ tried }) => options.hasRoom(tried))
      if (first === undefined) return
      this.end(first, ADMITTED)
    }
  }

  private wait(entrant: Entrant, { timeoutMs, order }: QueuePolicy, decide: Decide): Cancel {
    const { clock, counters } = this.options
    const now = clock.now()
    const mostMs = Math.max(0, Math.min(timeoutMs - entrant.waitedMs, entrant.endsAt - now))
    const patienceMs = order === 'deadline' ? Math.min(mostMs, entrant.patienceMs() ?? mostMs) : mostMs
    const waiting: Waiting = {
      since: now,
      priority: entrant.priority,
      tried: entrant.tried,
      rank: order === 'deadline' ? now + patienceMs : 0,
      sequence: (this.entered += 1),
      decide,
      cancelTimeout: clock.after(patienceMs, () => this.timeOut(waiting, patienceMs)),
    }
    this.line.enter(waiting)
    counters.queued += 1
    counters.waiting = this.line.length
    return () => {
      this.displaced.delete(waiting)
      if (this.line.leave(waiting)) this.leave(waiting)
    }
  }

  private timeOut(waiting: Waiting, afterMs: number): void {
    if (!this.line.leave(waiting)) return
    this.options.counters.queueTimeouts += 1
    this.end(waiting, turnedAway(`no backend had room within ${Math.round(afterMs)} ms`))
  }

  /** Sends the last one away, for an entrant that goes before it. */
  private displaceLast(): void {
    const { last } = this.line
    if (last === undefined) return
    this.line.leave(last)
    this.leave(last)
    this.displaced.add(last)
    this.options.turns.next(this)
  }

  private turnAway(verdict: Verdict): Verdict {
    this.options.counters.turnedAway += 1
    return verdict
  }

  /** Has left the line, for good. */
  private end(waiting: Waiting, verdict: Verdict): void {
    this.leave(waiting)
    waiting.decide(verdict)
  }

  private leave({ since, cancelTimeout }: Waiting): void {
    cancelTimeout()
    const { clock, counters, waits } = this.options
    waits.record(clock.now() - since)
    counters.waiting = this.line.length
  }
}

const isBefore = (priority: number, other: Place | undefined): boolean =>
  other !== undefined && other.priority < priority
