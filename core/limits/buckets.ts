/**
 * A token bucket for each key, as the generic cell rate algorithm keeps it (ITU-T I.371 2004): one number, the instant at
 * which the bucket is full again. A bucket that is full needs no room, and eviction can compare instants whatever the rates
 * are, where a level and the time that it was measured at would be two numbers. Instants are told in tokens: how many the
 * limit's rate has granted by then. So a rate that changes changes how fast that clock goes, and no bucket's level.
 */
import type { Rate } from '../rate.ts'
import { type Key, KeyTable, type Place } from './key-table.ts'
import type { Allowance } from './policy.ts'

/** Of a token, for what rounding takes: a client that waits exactly as long as it was told is let in. */
const ROUNDING = 1e-6

export class Buckets {
  private readonly table: KeyTable
  private allowance: Allowance
  private perMs: number
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
    this.perMs = perMsOf(allowance.rate)
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
    this.perMs = perMsOf(allowance.rate)
  }

  /** Tokens in the key's bucket: 0 to `burst`, with a fraction. `own`: what its owner has instead of the limit's. */
  look(key: Key, now: number, own: Allowance = this.allowance): number {
    const cost = own === this.allowance ? 1 : this.perMs / perMsOf(own.rate)
    const most = own.burst * cost
    this.key = key
    this.cost = cost
    this.at = this.grantedBy(now)
    this.place = this.table.find(key.high, key.low)
    this.lack = Math.max(0, this.table.read(this.place) - this.at)
    if (this.lack > most) this.forgive(most)
    return own.burst - this.lack / cost
  }

  /** One token from the bucket that was looked at last, at that instant. */
  take(): void {
    this.table.write(this.place, this.key, this.at + this.lack + this.cost, this.at)
  }

  /** Where its burst was more before: nobody waits for tokens that he could not have. */
  private forgive(lack: number): void {
    this.lack = lack
    this.table.write(this.place, this.key, this.at + lack, this.at)
    this.place = this.table.find(this.key.high, this.key.low)
  }

  private grantedBy(now: number): number {
    return this.granted + (now - this.since) * this.perMs
  }
}

/** Whether a bucket with so many tokens has one to give. */
export const hasToken = (level: number): boolean => wholeTokens(level) >= 1

/** Tokens that a bucket can give at once. */
export const wholeTokens = (level: number): number => Math.floor(level + ROUNDING)

/** ms, > 0, until there is one more of these. */
export const untilNextMs = (level: number, rate: Rate): number =>
  ((wholeTokens(level) + 1 - level) * rate.perMs) / rate.count

const perMsOf = ({ count, perMs }: Rate): number => count / perMs
