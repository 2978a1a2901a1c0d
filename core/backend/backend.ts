/**
 * The one mutable record per backend: facts, load and counters. It lives as long as its id stays configured in its pool,
 * across reloads. Strategies see its `candidate` alone. Sockets are not its business.
 */
import { formatAddress, type SocketAddress } from '../address.ts'
import { type BackendCounters, backendLedger } from '../observe/counters.ts'
import type { Latencies } from '../observe/latencies.ts'
import type { BreakerFact } from './breaker.ts'
import { CandidateView } from './candidate.ts'
import { type Facts, firstFacts, operatorFact } from './facts.ts'
import type { Load } from './load.ts'
import type { Member } from './member.ts'
import { NO_RULE, type Standing, standingOf, type StandingRule } from './standing.ts'

/** The newest active check, for people. `at` is wall time in ms. */
export interface CheckResult {
  readonly at: number
  readonly passed: boolean
  /** It came to nothing for want of descriptors, ports or memory of our own: says nothing about the backend. */
  readonly isLocal?: boolean
  readonly elapsedMs: number
  /** In words: `200 OK`, `connection refused`, `503, expected 200-399`. */
  readonly detail: string
}

/** Whether one more request can be given to a backend now; its source of streams is one. */
export interface Room {
  readonly hasRoom: boolean
}

/**
 * What its pool makes of a backend's standing beside all others'. `used`: it takes requests. `trial`: a few at once, while
 * its breaker is half-open. `overruled`: something holds it out, and it takes requests all the same, as too many would be
 * out. `spare`: usable, in a tier that is not needed now. `out`: it takes none.
 */
export type Use = 'used' | 'trial' | 'overruled' | 'spare' | 'out'

export class Backend implements Load {
  readonly id: string
  readonly address: SocketAddress
  readonly scheme: Member['scheme']
  /** What `Host` says where nobody else says it. */
  readonly host: string
  /** Counted by the balancer, the exchange and the connections. */
  readonly counters: BackendCounters = backendLedger.create()
  readonly facts: Facts
  /** What the facts came to when they were last reckoned up. */
  standing: Standing
  /** Written by its balancer. */
  use: Use = 'used'
  /** > 0; what its tier's part of the traffic makes of its weight. Written by its balancer. */
  tierScale = 1
  tier: number
  zone: string | undefined
  place: Member['place']
  /** Attempts begun and not ended; written by the balancer alone. */
  inflight = 0
  /** What its member allows at once, and what `limit` does; Infinity: no bound. */
  maxInflight: number
  private configuredMaxInflight: number
  private learnedMaxInflight = Infinity
  onRoomChange: (() => void) | undefined = undefined
  /** Upgraded connections among them. */
  tunnels = 0
  lastCheck: CheckResult | undefined = undefined
  /** Connect failures in traffic since the last success; `health/passive.ts` counts them. */
  connectFailuresInRow = 0
  readonly latency: Latencies
  /** Set by its pool; undefined: there is no cap that anybody knows of. */
  room: Room | undefined = undefined
  /** What strategies are shown of it. */
  readonly candidate: CandidateView

  constructor(member: Member, latency: Latencies, now: number) {
    this.id = member.id
    this.address = member.address
    this.scheme = member.scheme
    this.host = hostOf(member.address)
    this.tier = member.tier
    this.zone = member.zone
    this.place = Object.freeze(member.place)
    this.latency = latency
    this.configuredMaxInflight = member.maxInflight ?? Infinity
    this.maxInflight = this.configuredMaxInflight
    this.facts = firstFacts(member, now)
    this.standing = standingOf(this.facts, NO_RULE, now)
    this.candidate = new CandidateView(this)
  }

  /** Whether it takes one more request now, for all that its bounds, its connections and its breaker say. */
  get hasRoom(): boolean {
    return (
      this.inflight < this.maxInflight &&
      (this.room === undefined || this.room.hasRoom) &&
      (this.use !== 'trial' || hasTrialLeft(this.facts.breaker))
    )
  }

  /** The most attempts at once that have been found to do it good, >= 1; Infinity: nobody looks. What is configured stands. */
  limit(learned: number): void {
    if (learned === this.learnedMaxInflight) return
    this.learnedMaxInflight = learned
    this.bound()
  }

  /** > 0; the share that it is given now. */
  get weight(): number {
    return this.standing.weight * this.tierScale
  }

  /** > 0; the share that it is to have when nothing is held against it. */
  get configuredWeight(): number {
    return this.facts.operator.weight
  }

  /** Brings it up to date with `member`, of the same id and so of the same address; `reckon` is to follow. */
  configure(member: Member, now: number): void {
    this.tier = member.tier
    this.zone = member.zone
    // The same object for as long as it is the same place: whoever compares need not look inside.
    if (!Bun.deepEquals(member.place, this.place)) this.place = Object.freeze(member.place)
    this.facts.operator = operatorFact(member, this.facts.operator, now)
    this.configuredMaxInflight = member.maxInflight ?? Infinity
    this.bound()
  }

  /** Sums its facts up anew; returns what they came to before. */
  reckon(rule: StandingRule, now: number): Standing {
    const before = this.standing
    this.standing = standingOf(this.facts, rule, now)
    return before
  }

  private bound(): void {
    this.maxInflight = Math.min(this.configuredMaxInflight, this.learnedMaxInflight)
    this.onRoomChange?.()
  }
}

const hostOf = (address: SocketAddress): string => (address.kind === 'unix' ? 'localhost' : formatAddress(address))

const hasTrialLeft = (breaker: BreakerFact): boolean =>
  breaker.kind === 'half-open' && breaker.underWay < breaker.atOnce
