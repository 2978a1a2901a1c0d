/**
 * The one mutable record per backend: weight, health, load and counters. It lives as long as its id stays configured in
 * its pool, across reloads, and satisfies `Candidate` by shape. Sockets are not its business.
 */
import type { SocketAddress } from '../address.ts'
import type { Member } from './member.ts'

/** What checks and traffic say. `since` is monotonic ms. */
export type Health =
  | { readonly kind: 'unchecked'; readonly since: number }
  | { readonly kind: 'healthy'; readonly since: number }
  | { readonly kind: 'unhealthy'; readonly since: number; readonly reason: string }

/** The newest active check, for people. `at` is wall time in ms. */
export interface CheckResult {
  readonly at: number
  readonly passed: boolean
  readonly elapsedMs: number
  /** In words: `200 OK`, `connection refused`, `503, expected 200-399`. */
  readonly detail: string
}

/** Takes latencies; the histogram behind it is `core/observe`'s. */
export interface LatencyRecorder {
  record(elapsedMs: number): void
}

/** Only ever counted up, by the balancer and the exchange; rendered by `core/observe`. */
export interface BackendCounters {
  /** Attempts begun. */
  requests: number
  /** Attempts that failed: connect, timeout, reset, protocol. */
  failures: number
  connectFailures: number
  timeouts: number
  resets: number
  protocolErrors: number
  /** Attempts whose client left first. */
  abandoned: number
  /** Final responses by class: index 2 counts 2xx, 3 3xx, 4 4xx, 5 5xx; 0 and 1 stay 0. */
  readonly responses: [number, number, number, number, number, number]
  /** Requests given to another backend, or given again, after an attempt here. */
  retries: number
  bytesToBackend: number
  bytesFromBackend: number
}

export class Backend {
  readonly id: string
  readonly address: SocketAddress
  readonly counters: BackendCounters = {
    requests: 0,
    failures: 0,
    connectFailures: 0,
    timeouts: 0,
    resets: 0,
    protocolErrors: 0,
    abandoned: 0,
    responses: [0, 0, 0, 0, 0, 0],
    retries: 0,
    bytesToBackend: 0,
    bytesFromBackend: 0,
  }
  /** > 0; live. */
  weight: number
  zone: string | undefined
  place: Member['place']
  /** Attempts begun and not ended; written by the balancer alone. */
  inflight = 0
  /** Upgraded connections among them. */
  tunnels = 0
  /** Asked to take no new requests. */
  isDraining: boolean
  health: Health
  lastCheck: CheckResult | undefined = undefined
  /** Connect failures in traffic since the last success; written by `health/passive.ts` alone. */
  connectFailuresInRow = 0
  readonly latency: LatencyRecorder

  constructor(member: Member, latency: LatencyRecorder, now: number) {
    this.id = member.id
    this.address = member.address
    this.weight = member.weight
    this.zone = member.zone
    this.place = member.place
    this.isDraining = member.isDraining
    this.latency = latency
    this.health = { kind: 'unchecked', since: now }
  }
}
