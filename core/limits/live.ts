/** The limits of all routes and pools over reloads: what another config does not change goes on, used up as it was. */
import { createHash } from 'node:crypto'
import type { Admission } from '../admission/admission.ts'
import type { LimitCounters } from '../observe/counters.ts'
import { ConcurrencyLimit, ConcurrencyRule, concurrencyLimits } from './concurrency-limit.ts'
import { ConnectionLimit, connectionLimit } from './connection-limit.ts'
import { KeyReader } from './key.ts'
import { KeyHash } from './key-hash.ts'
import type { KeyPart, LimitPolicy, RatePolicy } from './policy.ts'
import { type OwnLimitOf, RateLimit, RateRule, rateLimits } from './rate-limit.ts'
import { SharedLimit, type Sharing } from './shared-limit.ts'
import type { SharedTokens } from './token-source.ts'

/** Who has limits. */
export interface LimitOwner {
  readonly kind: 'route' | 'pool'
  /** By what it is known over reloads. */
  readonly key: string
  /** For people; the same on all nodes of a fleet. */
  readonly name: string
  readonly limits: readonly LimitPolicy[]
}

/** Of the hash by which an owner is known in Redis: enough for the limits of a config. */
const PLACE_DIGITS = 12

type RunningLimit = RateLimit | ConcurrencyLimit | ConnectionLimit

interface Running {
  readonly owner: Pick<LimitOwner, 'kind' | 'name'>
  readonly limit: RunningLimit
}

/** The limits of one route, its pool's included, by when they are asked. */
export interface RouteLimits {
  /** Of rates, whoever sends: before anybody asks who that is. */
  readonly first: readonly Admission[]
  /** Of rates, by subject. */
  readonly bySubject: readonly Admission[]
  /** Of what is under way or open at once: last, since it is given back. */
  readonly atOnce: readonly Admission[]
}

/** What is told of a limit. */
export interface LimitFacts {
  readonly owner: Pick<LimitOwner, 'kind' | 'name'>
  readonly name: string
  readonly kind: LimitPolicy['kind']
  readonly counters: Readonly<LimitCounters>
  /** Held now. */
  readonly keys: number
  /** Of rates: forgotten for want of room, with what they had used up. */
  readonly evicted: number
}

export class Limits {
  private readonly hash: KeyHash
  private readonly own: OwnLimitOf | undefined
  private readonly sharing: Sharing | undefined
  private running: ReadonlyMap<string, Running> = new Map()

  /**
   * `seed`: 8 bytes that nobody can foresee. `own`: what subjects have instead of what a limit by client grants.
   * `sharing`: absent: whatever limits say, their buckets are this process's.
   */
  constructor(seed: Uint8Array, own: OwnLimitOf | undefined, sharing?: Sharing) {
    this.hash = new KeyHash(seed)
    this.own = own
    this.sharing = sharing
  }

  /** Puts the limits of `owners` in force; of two owners with one key the first counts. `now`: monotonic ms. */
  update(owners: readonly LimitOwner[], now: number): void {
    const next = new Map<string, Running>()
    for (const owner of owners)
      for (const policy of owner.limits) {
        const id = idOf(owner, policy.name)
        if (next.has(id)) continue
        const before = this.running.get(id)?.limit
        const create = (): RunningLimit => createLimit(policy, now, (rate) => this.share(owner, rate))
        next.set(id, { owner, limit: goOn(before, policy, now) ?? create() })
      }
    const going = new Set([...next.values()].map(({ limit }) => limit))
    for (const { limit } of this.running.values())
      if (limit instanceof RateLimit && !going.has(limit)) limit.shared?.close()
    this.running = next
  }

  /** Those of a route, and of the pool that serves it. */
  of(route: LimitOwner, pool: LimitOwner): RouteLimits {
    const all = [route, pool].flatMap((owner) =>
      owner.limits.map(({ name, by }) => ({
        limit: this.find(owner, name),
        reader: this.readerOf(by, route, this.find(owner, name)),
        isBySubject: by.some(({ kind }) => kind === 'client'),
      })),
    )
    const ratesOf = (bySubject: boolean): RateRule[] =>
      all.flatMap(({ limit, reader, isBySubject }) =>
        limit instanceof RateLimit && isBySubject === bySubject
          ? [new RateRule(limit, reader, bySubject ? this.own : undefined)]
          : [],
      )
    const places = all.flatMap(({ limit, reader }) =>
      limit instanceof ConcurrencyLimit ? [new ConcurrencyRule(limit, reader)] : [],
    )
    const connections = all.flatMap(({ limit, reader }) =>
      limit instanceof ConnectionLimit ? [connectionLimit(limit, reader)] : [],
    )
    return {
      first: asked(ratesOf(false), rateLimits),
      bySubject: asked(ratesOf(true), rateLimits),
      atOnce: [...connections, ...asked(places, concurrencyLimits)],
    }
  }

  get facts(): readonly LimitFacts[] {
    return [...this.running.values()].map(({ owner: { kind, name }, limit }) => ({
      owner: { kind, name },
      name: limit.policy.name,
      kind: limit.policy.kind,
      counters: limit.counters,
      keys: limit.keys,
      evicted: limit.evicted,
    }))
  }

  /** Of shared limits a key has to be the same on all nodes, each of which knows routes by a text of its own. */
  private readerOf(by: readonly KeyPart[], { key, name }: LimitOwner, limit: RunningLimit): KeyReader {
    const isShared = limit instanceof RateLimit && limit.shared !== undefined
    return isShared && this.sharing
      ? new KeyReader(by, name, this.sharing.fleet.hash)
      : new KeyReader(by, key, this.hash)
  }

  private share({ kind, name: owner }: LimitOwner, policy: RatePolicy): SharedTokens | undefined {
    if (this.sharing === undefined) return undefined
    const place = createHash('sha256').update(`${kind} ${owner}`).digest('hex').slice(0, PLACE_DIGITS)
    return new SharedLimit(`${place}:${policy.name}`, policy, this.sharing)
  }

  private find(owner: LimitOwner, name: string): RunningLimit {
    const limit = this.running.get(idOf(owner, name))?.limit
    if (limit === undefined) throw new Error(`the limit ${name} of ${owner.kind} ${owner.name} is not in force`)
    return limit
  }
}

/** Names hold no line feeds, and kinds no spaces. */
const idOf = ({ kind, key }: LimitOwner, name: string): string => `${kind} ${name}\n${key}`

const asked = <Rule>(rules: readonly Rule[], as: (rules: readonly Rule[]) => Admission): readonly Admission[] =>
  rules.length === 0 ? [] : [as(rules)]

/** What there was goes on where it counted the same. By another key nobody has used anything up: it is another's bucket. */
function goOn(before: RunningLimit | undefined, policy: LimitPolicy, now: number): RunningLimit | undefined {
  if (before instanceof RateLimit) {
    if (policy.kind !== 'rate' || before.policy.shared !== policy.shared) return undefined
    before.update(policy, now)
  } else if (before instanceof ConcurrencyLimit) {
    if (policy.kind !== 'in-flight') return undefined
    before.policy = policy
  } else if (before !== undefined) {
    if (policy.kind !== 'connections') return undefined
    before.policy = policy
  }
  return before
}

function createLimit(
  policy: LimitPolicy,
  now: number,
  share: (policy: RatePolicy) => SharedTokens | undefined,
): RunningLimit {
  switch (policy.kind) {
    case 'rate':
      return new RateLimit(policy, now, policy.shared && share(policy))
    case 'in-flight':
      return new ConcurrencyLimit(policy)
    case 'connections':
      return new ConnectionLimit(policy)
  }
}
