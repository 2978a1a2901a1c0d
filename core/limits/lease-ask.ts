/**
 * What a node knows of one key of a shared limit, and what it asks the keeper for about it: another lease, for those who wait
 * and those to come, or that a lease is over.
 */
import type { Ask, Order } from './keeper.ts'
import type { Key } from './key-table.ts'
import { forgetRefusal, type Grant, type Lease, makeWish, type Measures, receive, type Wish } from './lease.ts'
import type { Allowance } from './policy.ts'

/** What is known of one key. */
export interface Holding {
  readonly id: number
  readonly key: Key
  readonly lease: Lease
  readonly bucket: string
  allowance: Allowance
  measures: Measures
  /** What will be asked when this turn is over. */
  queued: LeaseAsk | undefined
}

/** What an ask has to know of the limit, as it is when it is sent. */
export interface AskedLimit {
  /** Of the bucket, as those fill it up who are there. */
  measuresNow(holding: Holding): Measures
  /** The most that a node may hold of it for nobody. */
  largestLease(holding: Holding): number
  /**
   * Tokens that the bucket lacks at least, after a time in which each node has granted its share of it, if the others have
   * granted as much. Asked once: from then on the keeper knows.
   */
  lacking(holding: Holding, now: number): number
  /** Does what has waited for an answer, as an event of its own, and takes what it throws. */
  readonly inEvent: (task: () => void) => void
}

/** Asks for a lease of one key. */
export class LeaseAsk implements Ask {
  readonly waiters = new Set<() => void>()
  private readonly holding: Holding
  private readonly limit: AskedLimit
  private wish: Wish = { wanted: 0, returned: 0 }
  private measures: Measures

  constructor(holding: Holding, limit: AskedLimit) {
    this.holding = holding
    this.limit = limit
    this.measures = holding.measures
  }

  get bucket(): string {
    return this.holding.bucket
  }

  prepare(now: number): Order {
    const { holding, waiters, limit } = this
    holding.queued = undefined
    this.wish = makeWish(holding.lease, now, waiters.size, limit.largestLease(holding))
    this.measures = limit.measuresNow(holding)
    return { ...this.measures, ...this.wish, lacking: limit.lacking(holding, now) }
  }

  answered(grant: Grant, now: number): void {
    receive(this.holding.lease, { ...this.wish, ...grant }, this.measures.perMs, now)
    this.late()
  }

  failed(): void {
    this.holding.queued = undefined
    this.holding.lease.isAsking = false
    this.late()
  }

  late(): void {
    const waiters = [...this.waiters]
    this.waiters.clear()
    for (const then of waiters) this.limit.inEvent(then)
  }
}

/** Tells of a lease that is over, whatever comes of it. */
export class GiveBack implements Ask {
  private readonly holding: Holding
  private readonly limit: AskedLimit
  private readonly wish: Wish

  constructor(holding: Holding, limit: AskedLimit, wish: Wish) {
    this.holding = holding
    this.limit = limit
    this.wish = wish
  }

  get bucket(): string {
    return this.holding.bucket
  }

  prepare(now: number): Order {
    const { holding, limit, wish } = this
    return { ...limit.measuresNow(holding), ...wish, lacking: limit.lacking(holding, now) }
  }

  answered(): void {}

  failed(): void {}

  late(): void {}
}

/** By another measure what the keeper has refused may be had. */
export function measure(holding: Holding, allowance: Allowance): void {
  const { measures, lease } = holding
  holding.allowance = allowance
  holding.measures = measuresOf(allowance)
  if (measures.perMs !== holding.measures.perMs || measures.burst !== holding.measures.burst) forgetRefusal(lease)
}

export const measuresOf = ({ rate, burst }: Allowance): Measures => ({ perMs: rate.count / rate.perMs, burst })
