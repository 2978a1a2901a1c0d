/** Pools and backends as the API shows them: as they are configured, with their state at this instant. */
import { formatAddress } from '../address.ts'
import type { Config } from '../config/config.ts'
import { effectiveWeightOf } from '../report/snapshot.ts'
import { type BackendView, type HoldOwner, isUsable } from '../report/view.ts'
import { hideSecrets } from '../secrets.ts'
import type { AdminSource, FoundMember } from './source.ts'

export interface MemberView {
  readonly id: string
  readonly url: string
  readonly weight: number
  /** What the weight comes to now: 0 while it takes no requests; null: it does not run. */
  readonly effectiveWeight: number | null
  readonly tier: number
  /** Requests at once, as configured; null: no bound of its own. */
  readonly maxInflight: number | null
  readonly zone: string | null
  readonly place: { readonly latitude: number; readonly longitude: number } | null
  /** The source that has found it; null: the config names it. */
  readonly source: string | null
  /** As configured, or as its source says: a draining one takes no new requests. */
  readonly state: 'active' | 'draining'
  /** As checks and traffic have it, also while it drains; null: it does not run. */
  readonly health: string | null
  /** What its pool makes of it: `used`, `trial`, `overruled`, `spare`, `out`; null: it does not run. */
  readonly use: string | null
  /** Why it takes no new requests, and whose word that is; null: it does. Since when, the status tells. */
  readonly why: string | null
  readonly by: HoldOwner | null
  readonly inflight: number
}

export interface PoolMembersView {
  readonly pool: string
  readonly strategy: string
  /** The members file; null: they stand in the config file. */
  readonly file: string | null
  readonly backends: readonly MemberView[]
}

/** One of all pools. */
export interface PoolSummary {
  readonly pool: string
  readonly strategy: string
  readonly backends: number
  /** Those that take new requests. */
  readonly usable: number
  /** Its own path in this API. */
  readonly path: string
}

type Pool = Config['pools'][number]

export function poolSummaries(source: AdminSource): readonly PoolSummary[] {
  return source.config().pools.map(({ name, members, strategy }) => ({
    pool: name,
    strategy: strategy.use,
    backends: members.length + foundIn(source, name).length,
    usable: source.backends(name).filter(isUsable).length,
    path: `/api/pools/${encodeURIComponent(name)}`,
  }))
}

/** undefined: there is no such pool. */
export function poolMembers(source: AdminSource, name: string): PoolMembersView | undefined {
  const pool = find(source, name)
  if (pool === undefined) return undefined
  const now = stateOf(source, name)
  const backends = membersOf(source, pool).map(({ member, source: from }) =>
    memberView(member, from, now.get(member.id)),
  )
  return { pool: name, strategy: pool.strategy.use, file: pool.membersFile ?? null, backends }
}

/** Everything about a pool: its settings in ms and bytes, secrets as `***`. */
export function poolDetails(source: AdminSource, name: string): object | undefined {
  const [pool, members] = [find(source, name), poolMembers(source, name)]
  if (pool === undefined || members === undefined) return undefined
  const { name: _name, members: _members, membersFile: _file, ...settings } = pool
  return { ...members, settings: hideSecrets(settings) }
}

export function backendDetails(source: AdminSource, name: string, id: string): object | undefined {
  const pool = find(source, name)
  const one = pool && membersOf(source, pool).find(({ member }) => member.id === id)
  return one && { pool: name, ...memberView(one.member, one.source, stateOf(source, name).get(id)) }
}

const find = (source: AdminSource, name: string): Pool | undefined =>
  source.config().pools.find((pool) => pool.name === name)

/** The configured ones first. */
const membersOf = (source: AdminSource, { name, members }: Pool) => [
  ...members.map((member) => ({ member, source: null })),
  ...foundIn(source, name),
]

export const foundIn = (source: AdminSource, pool: string): readonly FoundMember[] => source.found?.(pool) ?? []

const stateOf = (source: AdminSource, name: string): ReadonlyMap<string, BackendView> =>
  new Map(source.backends(name).map((backend) => [backend.id, backend]))

const memberView = (
  { id, address, scheme = 'http', weight, tier, maxInflight, zone, place, isDraining }: Pool['members'][number],
  source: string | null,
  now: BackendView | undefined,
): MemberView => ({
  id,
  source,
  url: `${address.kind === 'tcp' ? `${scheme}://` : ''}${formatAddress(address)}`,
  weight,
  effectiveWeight: now === undefined ? null : effectiveWeightOf(now),
  tier,
  maxInflight: maxInflight ?? null,
  zone: zone ?? null,
  place: place ?? null,
  state: isDraining ? 'draining' : 'active',
  health: now?.standing.health ?? null,
  use: now?.use ?? null,
  why: now?.standing.why ?? null,
  by: now?.standing.by ?? null,
  inflight: now?.inflight ?? 0,
})
