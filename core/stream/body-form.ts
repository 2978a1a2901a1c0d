/** What passes between two streams beside heads: bodies in one of two forms, and connections given away. */
import type { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'

/** A chunked body's bytes: 'chunks' with their size lines (checked, without extensions and the last chunk), or 'data' alone. */
export type BodyForm = 'chunks' | 'data'

/** A connection that no longer speaks HTTP. */
export interface HandedOver {
  readonly wire: Wire
  /** Read HTTP from this wire until now; is to hear `onSent` and `onClose`. */
  readonly connection: WireOwner
  /** What it had already read of what now belongs to the other side. */
  readonly early: Buffer | undefined
}
