/** Refusals as values. */
import { ProtocolError } from '../../core/errors.ts'

export type Refusal = { readonly kind: 'refused'; readonly status: number; readonly message: string }

/** What `read` gives, or how it was refused; any other error goes on. */
export function orRefusal<Result>(read: () => Result): Result | Refusal {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { kind: 'refused', status: error.status, message: error.message }
  }
}
