/** The states of a client's HTTP/1 connection, each with its own fields; which follows which: `http1/lifecycle.ts`. */
import type { BodyReader } from '../http1/body.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { HeadBuffer } from '../http1/head-buffer.ts'

export type State =
  | { readonly kind: 'idle' }
  /** `buffer`: its first pieces; undefined: nothing of the head has come. */
  | { readonly kind: 'head'; readonly buffer: HeadBuffer | undefined }
  /** `reader` is made when somebody first takes the body, since its form is then known. */
  | { readonly kind: 'body'; readonly framing: BodyKind; readonly length: number; reader: BodyReader | undefined }
  | { readonly kind: 'whole' }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'closed' }

export const IDLE: State = { kind: 'idle' }
export const HEAD_DUE: State = { kind: 'head', buffer: undefined }
export const WHOLE: State = { kind: 'whole' }
export const TUNNEL: State = { kind: 'tunnel' }
export const CLOSED: State = { kind: 'closed' }

/**
 * How long a kept-alive connection that is to leave waits for one more request, which is answered with `Connection: close`.
 * To close it at once would throw away a request that is on its way; a client in use sends one within this time.
 */
export const LAST_CALL_MS = 1000
export const bodyDue = (framing: BodyKind, length: number): State => ({
  kind: 'body',
  framing,
  length,
  reader: undefined,
})
