/**
 * One rate limit whose buckets the nodes of a fleet share: decided by leases of tokens (`lease.ts`), of which a node knows
 * those of the keys that it was asked about in the last second. Every token is taken from a bucket of this process as well,
 * with this node's share of the rate: it decides while the others can't be asked, and then knows what this node let through
 * before. What it lets through is told when the fleet is there again.
 */
import type { Cancel, Clock } from '../clock.ts'
import { Buckets } from './buckets.ts'
import type { Fleet } from './fleet.ts'
import type { Key } from './key-table.ts'
import {
  createLease,
  giveBack,
  isRunningLow,
  KEPT_MS,
  largestLease,
  levelOf,
  type Measures,
  standingOf,
} from './lease.ts'
import { type AskedLimit, GiveBack, type Holding, LeaseAsk, measure, measuresOf } from './lease-ask.ts'
import type { Allowance } from './policy.ts'
import { type SharedTokens, UNKNOWN } from './token-source.ts'

export interface Sharing {
  readonly fleet: Fleet
  readonly clock: Clock
  /** Does what has waited for an answer, as an event of its own, and takes what it throws. */
  readonly inEvent: (task: () => void) => void
}

const SWEEP_MS = 250
/** A few MB; of more keys within a second the oldest ones' leases go back before their time. */
const MOST_HOLDINGS = 32_768

export class SharedLimit implements SharedTokens, AskedLimit {
  /** Requests that had to wait for an answer, since the start. */
  waits = 0
  /** Leases asked for, since the start. */
  asks = 0
  private readonly name: string
  private readonly fleet: Fleet
  private readonly clock: Clock
  readonly inEvent: Sharing['inEvent']
  /** By the key's last 53 bits; the one that was asked for longest ago first. */
  private readonly holdings = new Map<number, Holding>()
  /** Goes over them as they are dropped for want of room. */
  private oldest = this.holdings.values()
  private readonly local: Buckets
  private isSweeping = false
  /** What was looked at last. */
  private key: Key = { high: 0, low: 0 }
  private holding: Holding | undefined = undefined
  private allowance: Allowance
  /** The share of `allowance` that one of `nodes` has. */
  private share: { readonly of: Allowance; readonly nodes: number; readonly allowance: Allowance }

  /** `name`: the same on all nodes, and no other limit's. */
  constructor(name: string, allowance: Allowance, { fleet, clock, inEvent }: Sharing) {
    this.name = name
    this.allowance = allowance
    this.share = { of: allowance, nodes: 1, allowance }
    this.fleet = fleet
    this.clock = clock
    this.inEvent = inEvent
    this.local = new Buckets(allowance, clock.now())
  }

  /** Keys of which there is a lease, or was one a moment ago. */
  get held(): number {
    return this.holdings.size
  }

  get size(): number {
    return this.local.size
  }

  get evicted(): number {
    return this.local.evicted
  }

  update(allowance: Allowance, now: number): void {
    this.local.update(allowance, now)
  }

  look(key: Key, now: number, allowance: Allowance): number {
    const local = this.find(key, now, allowance)
    const { holding, fleet } = this
    if (!fleet.isJoined) return this.levelBy(local, now)
    if (holding !== undefined) {
      holding.lease.demand += 1
      if (isRunningLow(holding.lease, now) && fleet.isPrompt(now)) this.queue(holding)
    }
    const isUnknown = holding === undefined || standingOf(holding.lease, now) === 'unknown'
    return isUnknown && fleet.isPrompt(now) ? UNKNOWN : this.levelBy(local, now)
  }

  lookHere(key: Key, now: number, allowance: Allowance): number {
    return this.levelBy(this.find(key, now, allowance), now)
  }

  /** What this process's own bucket has. */
  private find(key: Key, now: number, allowance: Allowance): number {
    const holding = this.holdings.get(idOf(key))
    if (holding !== undefined && holding.allowance !== allowance) measure(holding, allowance)
    this.key = key
    this.allowance = allowance
    this.holding = holding
    return this.local.look(key, now, this.shareOf(allowance))
  }

  /** Of what was found: by the lease where that decides, else by `local`. */
  private levelBy(local: number, now: number): number {
    const { holding, fleet } = this
    if (holding === undefined) return local
    const { lease, measures } = holding
    const isKnown = lease.tokens >= 1 || (fleet.isJoined && standingOf(lease, now) === 'none')
    return isKnown ? levelOf(lease, measures, now) : local
  }

  take(): void {
    this.local.take()
    const { lease } = this.holding ?? this.hold(this.key, this.allowance)
    if (lease.tokens >= 1 || this.fleet.isJoined) lease.tokens -= 1
    else lease.hasUsedShare = true
  }

  wait(key: Key, allowance: Allowance, then: () => void): Cancel {
    const holding = this.hold(key, allowance)
    measure(holding, allowance)
    const { waiters } = this.queue(holding)
    waiters.add(then)
    this.waits += 1
    return () => waiters.delete(then)
  }

  private queue(holding: Holding): LeaseAsk {
    if (holding.queued !== undefined) return holding.queued
    const asking = new LeaseAsk(holding, this)
    holding.queued = asking
    this.asks += 1
    this.holdings.delete(holding.id)
    this.holdings.set(holding.id, holding)
    this.fleet.send(asking)
    return asking
  }

  /** The key's; a new one where there is none. */
  private hold(key: Key, allowance: Allowance): Holding {
    const { holdings, clock } = this
    const known = holdings.get(idOf(key))
    if (known !== undefined) return known
    if (holdings.size >= MOST_HOLDINGS) this.dropOldest()
    const holding = {
      id: idOf(key),
      key: { high: key.high, low: key.low },
      lease: createLease(clock.now()),
      bucket: `${this.name}:${hexOf(key.high)}${hexOf(key.low)}`,
      allowance,
      measures: measuresOf(allowance),
      queued: undefined,
    }
    holdings.set(holding.id, holding)
    this.sweepLater()
    return holding
  }

  close(): void {
    for (const holding of this.holdings.values()) this.drop(holding)
  }

  /** For as long as there is something to sweep. */
  private sweepLater(): void {
    if (this.isSweeping) return
    this.isSweeping = true
    this.clock.after(SWEEP_MS, () => {
      this.isSweeping = false
      if (this.fleet.isJoined) this.sweep(this.clock.now() - KEPT_MS)
      if (this.holdings.size > 0) this.sweepLater()
    })
  }

  /** Those that were last asked for before `since`. */
  private sweep(since: number): void {
    for (const holding of this.holdings.values()) {
      if (holding.lease.isAsking || holding.queued !== undefined) continue
      if (holding.lease.askedAt > since) return
      this.drop(holding)
    }
  }

  /** To begin at the first each time would be to pass by all that have gone before. */
  private dropOldest(): void {
    let next = this.oldest.next()
    if (next.done === true) {
      this.oldest = this.holdings.values()
      next = this.oldest.next()
    }
    if (next.value !== undefined) this.drop(next.value)
  }

  private drop(holding: Holding): void {
    this.holdings.delete(holding.id)
    const wish = giveBack(holding.lease)
    if (wish !== undefined && this.fleet.isJoined) this.fleet.send(new GiveBack(holding, this, wish))
  }

  measuresNow({ measures }: Holding): Measures {
    return { perMs: measures.perMs * this.fleet.part, burst: measures.burst }
  }

  largestLease({ measures }: Holding): number {
    return largestLease(measures.burst, this.fleet.nodes)
  }

  lacking({ lease, key, allowance }: Holding, now: number): number {
    if (!lease.hasUsedShare) return 0
    lease.hasUsedShare = false
    const share = this.shareOf(allowance)
    return (share.burst - this.local.look(key, now, share)) * this.fleet.nodes
  }

  private shareOf(allowance: Allowance): Allowance {
    const { share, fleet } = this
    if (share.of === allowance && share.nodes === fleet.nodes) return share.allowance
    const { rate, burst } = allowance
    const { nodes } = fleet
    const part = { rate: { count: rate.count / nodes, perMs: rate.perMs }, burst: Math.max(1, burst / nodes) }
    this.share = { of: allowance, nodes, allowance: part }
    return part
  }
}

/** What an exact number has room for. */
const idOf = ({ high, low }: Key): number => (high % 0x20_0000) * 0x1_0000_0000 + low

const hexOf = (word: number): string => word.toString(16).padStart(8, '0')
