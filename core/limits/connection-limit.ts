/**
 * How many connections each address may have open that it sends requests of a route over. A connection counts from its first
 * request to its end, once. Trusted proxies are not counted: their connections are those of many clients.
 */
import { type Admission, ADMITTED, type Verdict } from '../admission/admission.ts'
import { type LimitCounters, limitLedger } from '../observe/counters.ts'
import type { Peer } from '../stream/peer.ts'
import { InFlight } from './in-flight.ts'
import type { KeyReader } from './key.ts'
import type { ConnectionPolicy } from './policy.ts'

/** One limit for as long as it is configured. Several routes may share it. */
export class ConnectionLimit {
  /** Another may take its place: what is open still is. */
  policy: ConnectionPolicy
  readonly counters: LimitCounters = limitLedger.create()
  readonly open = new InFlight()
  private readonly counted = new WeakSet<Peer>()

  constructor(policy: ConnectionPolicy) {
    this.policy = policy
  }

  get keys(): number {
    return this.open.keys
  }

  /** None: what is open is never forgotten. */
  get evicted(): number {
    return 0
  }

  has(peer: Peer): boolean {
    return this.counted.has(peer)
  }

  /** Counts it until it is gone. */
  take(peer: Peer, { high, low }: KeyReader): void {
    this.counted.add(peer)
    this.open.begin({ high, low })
    peer.whenGone(() => this.open.end({ high, low }))
  }
}

/** Of one limit for one route; whoever has too many open gets an answer on the last, and its end. */
export const connectionLimit = (limit: ConnectionLimit, reader: KeyReader): Admission => ({
  admit(asked, head) {
    const { peer } = asked.client
    if (asked.identity.isTrusted || limit.has(peer)) return ADMITTED
    reader.read(asked, head)
    if (limit.open.count(reader) >= limit.policy.most) {
      if (!limit.policy.report) return refusalBy(limit)
      limit.counters.reported += 1
    }
    limit.take(peer, reader)
    return ADMITTED
  },
})

function refusalBy({ counters, policy }: ConnectionLimit): Verdict {
  counters.refused += 1
  const detail = `too many connections: the limit "${policy.name}" is ${policy.most}`
  const problem = { status: 429, detail, retryAfterSeconds: 1, closes: true } as const
  return { kind: 'refused', problem, reason: 'concurrency' }
}
