/**
 * Refuses a share of the requests while the process is overloaded, before anything breaks: of the least important routes
 * first, and once all of these are refused, of the next. The share grows for as long as the overload lasts and falls more
 * slowly behind it, so that it settles where the process bears what is left. Some of the most important always get through:
 * whoever is let in is served, and a process that refuses everybody would never learn that it could do more.
 */
import type { Random } from '../random.ts'
import type { Problem } from '../stream/client-stream.ts'
import { type Admission, ADMITTED, type Verdict } from './admission.ts'

/** 'over': past a bound. 'near': within a fifth of it, where nothing changes. 'calm': below that. */
export type Strain = 'over' | 'near' | 'calm'

/** Of the requests of one priority, a second. */
const GROWS = 0.5
const FALLS = 0.2
/** A single pause, as of a garbage collection, sheds nobody: it takes 200 ms of overload to begin. */
const REST = -0.1
/** However long the time since the last look was: while the process stood still, it was one pause. */
const LONGEST_MS = 200
/** Of the most important requests. */
const MOST = 0.9

const problem: Problem = { status: 503, detail: 'the balancer is overloaded', retryAfterSeconds: 1 }
const SHED: Verdict = { kind: 'refused', problem }

export class Shedder {
  private readonly random: Random
  private readonly onShed: () => void
  /** Of all routes, each once, the least important first. */
  private priorities: readonly number[] = []
  /** How many priorities are refused, counted from below; the last of them in part. */
  private depth = REST

  /** `onShed`: a request has been refused. */
  constructor(random: Random, onShed: () => void) {
    this.random = random
    this.onShed = onShed
  }

  /** Of the routes there are from now on. */
  update(priorities: readonly number[]): void {
    this.priorities = [...new Set(priorities)].toSorted((one, other) => one - other)
    this.depth = Math.min(this.depth, this.deepest)
  }

  /** How the process has been for the last `elapsedMs`. */
  feel(strain: Strain, elapsedMs: number): void {
    const seconds = Math.min(elapsedMs, LONGEST_MS) / 1000
    const change = strain === 'over' ? GROWS * seconds : strain === 'calm' ? -FALLS * seconds : 0
    this.depth = Math.max(REST, Math.min(this.deepest, this.depth + change))
  }

  /** There is nothing to be careful of any more. */
  rest(): void {
    this.depth = REST
  }

  get isShedding(): boolean {
    return this.depth > 0
  }

  /** What share of a priority's requests is refused: 0 to 1. */
  shareOf(priority: number): number {
    const rank = this.priorities.indexOf(priority)
    return rank === -1 ? 0 : Math.max(0, Math.min(1, this.depth - rank))
  }

  /** For a route of this priority. */
  admission(priority: number): Admission {
    return { admit: () => this.admit(priority) }
  }

  private admit(priority: number): Verdict {
    if (this.depth <= 0) return ADMITTED
    const share = this.shareOf(priority)
    if (share === 0 || this.random() >= share) return ADMITTED
    this.onShed()
    return SHED
  }

  private get deepest(): number {
    return Math.max(0, this.priorities.length - 1) + MOST
  }
}
