/** What GET /api/status tells of a limit. Pure. */
import { limitLedger } from '../observe/counters.ts'
import type { StatusOf } from '../observe/ledger.ts'
import type { LimitView } from './view.ts'

/** Beside these all that is counted of it since it was configured. */
export interface LimitStatus extends StatusOf<typeof limitLedger.specs> {
  /** The rule in words; null: it is a pool's. */
  readonly route: string | null
  /** null: it is a route's. */
  readonly pool: string | null
  readonly name: string
  readonly kind: LimitView['kind']
  /** Addresses, clients or whatever it counts by, that something is held of now. */
  readonly keys: number
  /** Those forgotten for want of room that had used something up. */
  readonly evicted: number
}

export const limitStatus = ({ owner, name, kind, counters, keys, evicted }: LimitView): LimitStatus => ({
  route: owner.kind === 'route' ? owner.name : null,
  pool: owner.kind === 'pool' ? owner.name : null,
  name,
  kind,
  keys,
  evicted,
  ...limitLedger.status(counters),
})
