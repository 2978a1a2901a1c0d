/** The limits of a route or pool, as the configuration has them. */

import type { Rate } from '../rate.ts'

/** What a bucket is filled with. `burst`: whole, 1 and up: how many at once after a pause. */
export interface Allowance {
  readonly rate: Rate
  readonly burst: number
}

/** One thing that requests are told apart by. Of a subject the client in the database; without one, or without the field, the address. */
export type KeyPart =
  | { readonly kind: 'address' | 'route' | 'client' }
  /** Field names in lower case. */
  | { readonly kind: 'header' | 'cookie'; readonly name: string }

interface LimitOf<Kind extends string> {
  readonly kind: Kind
  /** Its own within its route or pool; clients are told it. */
  readonly name: string
  /** All of them together; at least one. */
  readonly by: readonly KeyPart[]
  /** Whether it only counts whom it would refuse. */
  readonly report: boolean
}

export interface RatePolicy extends LimitOf<'rate'>, Allowance {
  /** Whether its buckets are those of the whole fleet; absent: of this process. */
  readonly shared?: true
}

/** `most`, here and in the next: whole, 1 and up. */
export interface InFlightPolicy extends LimitOf<'in-flight'> {
  /** Requests under way. */
  readonly most: number
}

export interface ConnectionPolicy extends LimitOf<'connections'> {
  /** Connections open. */
  readonly most: number
}

export type LimitPolicy = RatePolicy | InFlightPolicy | ConnectionPolicy
