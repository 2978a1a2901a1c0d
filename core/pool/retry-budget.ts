/**
 * How many attempts a pool may make beyond the first of each request: a share of the requests of the newest ten seconds,
 * or a few a second where there are few requests. So retries and hedges cannot multiply an outage, whatever each request
 * may do by its own policy. After Finagle's RetryBudget, which counts in the same way.
 */
import type { BudgetPolicy } from './policy.ts'

const SLOT_MS = 1000
/** The slot that is open now among them, so the window is 9 to 10 s long. */
const SLOTS = 10

export class RetryBudget {
  private policy: BudgetPolicy
  private readonly requests = new Float64Array(SLOTS)
  private readonly taken = new Float64Array(SLOTS)
  /** Number of the open slot since the clock's origin. */
  private slot = 0

  constructor(policy: BudgetPolicy) {
    this.policy = policy
  }

  /** What was counted stands. */
  update(policy: BudgetPolicy): void {
    this.policy = policy
  }

  /** A request has come that may need more than one attempt. `now`: monotonic ms, as in `take`. */
  onRequest(now: number): void {
    const index = this.open(now)
    this.requests[index] = (this.requests[index] ?? 0) + 1
  }

  /** Takes one attempt; false: there is none left, and nothing was taken. */
  take(now: number): boolean {
    const index = this.open(now)
    const { ratio, perSecond } = this.policy
    const allowed = Math.max(ratio * sum(this.requests), (perSecond * SLOTS * SLOT_MS) / 1000)
    if (sum(this.taken) + 1 > allowed) return false
    this.taken[index] = (this.taken[index] ?? 0) + 1
    return true
  }

  /** Index of the slot of `now`; what has become older than the window is forgotten. */
  private open(now: number): number {
    const slot = Math.floor(now / SLOT_MS)
    if (slot > this.slot) {
      for (let past = Math.max(this.slot + 1, slot - SLOTS + 1); past <= slot; past += 1) {
        this.requests[past % SLOTS] = 0
        this.taken[past % SLOTS] = 0
      }
      this.slot = slot
    }
    return this.slot % SLOTS
  }
}

const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0)
