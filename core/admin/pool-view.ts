/** A pool as the API shows it: its members as they are configured, with their state at this instant. */
import { formatAddress } from '../address.ts'
import type { AdminSource } from './source.ts'

export interface MemberView {
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly zone: string | null
  readonly place: { readonly latitude: number; readonly longitude: number } | null
  /** As configured: a draining one takes no new requests. */
  readonly state: 'active' | 'draining'
  /** As checks and traffic have it, also while it drains; null: it does not run. */
  readonly health: string | null
  readonly inflight: number
}

export interface PoolMembersView {
  readonly pool: string
  readonly strategy: string
  /** The members file; null: they stand in the config file. */
  readonly file: string | null
  readonly backends: readonly MemberView[]
}

export function poolView(source: AdminSource, name: string): PoolMembersView | undefined {
  const pool = source.config().pools.find((pool) => pool.name === name)
  if (pool === undefined) return undefined
  const running = source.status().pools.find((pool) => pool.name === name)?.backends ?? []
  const byId = new Map(running.map((backend) => [backend.id, backend]))
  const backends = pool.members.map(({ id, address, weight, zone, place, isDraining }): MemberView => {
    const now = byId.get(id)
    return {
      id,
      url: `${address.kind === 'tcp' ? 'http://' : ''}${formatAddress(address)}`,
      weight,
      zone: zone ?? null,
      place: place ?? null,
      state: isDraining ? 'draining' : 'active',
      health: now?.health ?? null,
      inflight: now?.inflight ?? 0,
    }
  })
  return { pool: name, strategy: pool.strategy.use, file: pool.membersFile ?? null, backends }
}
