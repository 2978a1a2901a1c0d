/** One configured member of a pool, parsed: what a reload compares and a backend is made from. */
import type { SocketAddress } from '../address.ts'

export interface Member {
  /** `host:port`, `https://host:port` or `unix:/path`; unique in its pool. */
  readonly id: string
  readonly address: SocketAddress
  /** What is spoken to it; absent: nobody has said, and its pool decides. */
  readonly scheme?: 'http' | 'https'
  /** > 0; relative share. */
  readonly weight: number
  /** Whole, >= 0: those of a higher one serve in so far as those before fail. */
  readonly tier: number
  /** Requests at once, 1 or more; undefined: no bound of its own. */
  readonly maxInflight: number | undefined
  readonly zone: string | undefined
  /** Takes no new requests; what it has begun goes on. */
  readonly isDraining: boolean
  /** Degrees. */
  readonly place: { readonly latitude: number; readonly longitude: number } | undefined
}
