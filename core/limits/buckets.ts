/**
 * A token bucket for each key, as the generic cell rate algorithm keeps it (ITU-T I.371 2004): one number, the instant at
 * which the bucket is full again. A bucket that is full needs no room, and eviction can compare instants whatever the rates
 * are, where a level and the time that it was measured at would be two numbers. Instants are told in tokens: how many the
 * limit's rate has granted by then. So a rate that changes changes how fast that clock goes, and no bucket's level.
 */
import { type Key, KeyTable, type Place } from './key-table.ts'
import type { Allowance } from './policy.ts'

/** Of a token, for what rounding takes: a client that waits exactly as long as it was told is let in. */
const ROUNDING = 1e-6

export class Buckets {
  private readonly table: KeyTable
  private allowance: Allowance
  /** What had been granted at the instant `since`. */
  private granted = 0
  private since: number
  /** The bucket that was looked at last: whose, where, what it lacks and what a token is, in the limit's tokens, and when. */
  private key: Key = { high: 0, low: 0 }
  private place: Place = 0
  private lack = 0
  private cost = 1
  private at = 0

  /** `now`, here and everywhere: monotonic ms. `maxKeys`: absent: as many as a limit has. */
  constructor(allowance: Allowance, now: number, maxKeys?: number) {
    this.allowance = allowance
    this.since = now
    this.table = new KeyTable(maxKeys)
  }

  /** Buckets held; those that are not are full. */
  get size(): number {
    return this.table.size
  }

  /** Buckets forgotten that were not full, for want of room. */
  get evicted(): number {
    return this.table.evicted
  }

  get bytes(): number {
    return this.table.bytes
  }

  /** From now on; every bucket keeps its level, up to the new burst. */
  update(allowance: Allowance, now: number): void {
    this.granted = this.grantedBy(now)
    this.since = now
    this.allowance = allowance
  }

  /** Tokens in the key's bucket: 0 to `burst`, with a fraction. `own`: what its owner has instead of the limit's. */
  look(key: Key, now: number, own: Allowance = this.allowance): number {
    const cost = own === this.allowance ? 1 : this.allowance.perMs / own.perMs
    const granted = this.grantedBy(now)
    const place = this.table.find(key.high, key.low)
    // Where its burst was more before, it lacks no more than there may be.
    const lack = Math.max(0, Math.min(this.table.read(place) - granted, own.burst * cost))
    this.key = key
    this.place = place
    this.lack = lack
    this.cost = cost
    this.at = granted
    return own.burst - lack / cost
  }

  /** One token from the bucket that was looked at last, at that instant. */
  take(): void {
    this.table.write(this.place, this.key, this.at + this.lack + this.cost, this.at)
  }

  private grantedBy(now: number): number {
    return this.granted + (now - this.since) * this.allowance.perMs
  }
}

/** Whether a bucket with so many tokens has one to give. */
export const hasToken = (level: number): boolean => level >= 1 - ROUNDING

/** ms, > 0, until a bucket has one token more than it has whole ones. */
export function untilNext(level: number, { perMs }: Allowance): number {
  const part = level - Math.floor(level + ROUNDING)
  return (1 - part) / perMs
}
