/**
 * How many requests at once do a backend good, found by its response times: Gradient2 of Netflix's concurrency-limits
 * (`Gradient2Limit.java`, 0.5.3). While responses take as long as they usually do, the limit grows by a few at a time, and
 * only where it is made use of; when they take longer, requests wait in line there, and it shrinks in proportion. Other than
 * there, the limit follows windows of 100 ms, as Envoy's does, and not of a second: a backend that bears 200 is to be given
 * them within half a minute. What is usual goes by time as it does there, some five minutes. And below 20, where limits begin
 * there, fewer may wait in line: with 4 no limit would ever fall below 8. Pure: times come from outside.
 */
import type { ConcurrencyPolicy } from './policy.ts'

/** Of the new limit in each window. */
const SMOOTHING = 0.2
/** Requests that may wait in line at the backend, and how much the limit grows by: at most, and a fifth of what there are. */
const QUEUE = 4
const QUEUE_SHARE = 0.2
/** What is usual forgets 2 / (600 + 1) a second: an average over 600 samples where each is a second. */
const FORGOTTEN_PER_MS = 2 / 601 / 1000
/** So many windows make a first mean. */
const WARMUP = 10
/** A window is over after so long, and with so many responses. */
const WINDOW_MS = 100
const WINDOW_RESPONSES = 10

interface Window {
  readonly startedAt: number
  responses: number
  sumMs: number
  /** The most that were under way. */
  inflight: number
}

const windowFrom = (startedAt: number): Window => ({ startedAt, responses: 0, sumMs: 0, inflight: 0 })

export class Gradient {
  private exact: number
  private policy: ConcurrencyPolicy
  private usualMs = 0
  private windows = 0
  private window: Window

  /** `now`: monotonic ms, here and below. */
  constructor(policy: ConcurrencyPolicy, now: number) {
    this.policy = policy
    this.exact = policy.start
    this.window = windowFrom(now)
  }

  /** Whole, from `min` to `max`. */
  get limit(): number {
    return Math.floor(this.exact)
  }

  /** What was found goes on, within the new bounds. */
  update(policy: ConcurrencyPolicy): void {
    this.policy = policy
    this.exact = within(policy, this.exact)
  }

  /** A response has begun `elapsedMs` after its request, while `inflight` were under way, that one included. */
  record(elapsedMs: number, inflight: number, now: number): void {
    const { window } = this
    window.responses += 1
    window.sumMs += elapsedMs
    if (inflight > window.inflight) window.inflight = inflight
    if (window.responses < WINDOW_RESPONSES || now - window.startedAt < WINDOW_MS) return
    this.window = windowFrom(now)
    this.close(window, now)
  }

  /** Nobody waited any longer for a response. Where it might still have come as soon as usual, that says nothing. */
  recordAtLeast(elapsedMs: number, inflight: number, now: number): void {
    if (elapsedMs > this.usualMs) this.record(elapsedMs, inflight, now)
  }

  private close({ sumMs, responses, inflight, startedAt }: Window, now: number): void {
    // A response of no time at all would divide by nothing.
    const recentMs = Math.max(sumMs / responses, 0.001)
    this.learn(recentMs, now - startedAt)
    // It has recovered: what was usual under load is no measure any more.
    if (this.usualMs > 2 * recentMs) this.usualMs *= 0.95
    // A limit that nobody comes near says nothing of whether more would do.
    if (inflight < this.exact / 2) return
    const gradient = Math.max(0.5, Math.min(1, (this.policy.tolerance * this.usualMs) / recentMs))
    const next = this.exact * gradient + Math.min(QUEUE, this.exact * QUEUE_SHARE)
    this.exact = within(this.policy, this.exact * (1 - SMOOTHING) + next * SMOOTHING)
  }

  private learn(recentMs: number, overMs: number): void {
    this.windows += 1
    const share = this.windows <= WARMUP ? 1 / this.windows : 1 - Math.exp(-overMs * FORGOTTEN_PER_MS)
    this.usualMs += (recentMs - this.usualMs) * share
  }
}

const within = ({ min, max }: ConcurrencyPolicy, limit: number): number => Math.max(min, Math.min(max, limit))
