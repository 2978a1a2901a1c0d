/** The states of an HTTP/1 connection to a backend, each with its own fields; which follows which: `http1/lifecycle.ts`. */
import type { BodyReader } from '../http1/body.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { HeadBuffer } from '../http1/head-buffer.ts'
import type { Passage } from '../net/passage.ts'

export type State =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'idle' }
  /** `buffer`: its first pieces; undefined: nothing of a head has come, or nothing that is kept. */
  | { readonly kind: 'head'; readonly buffer: HeadBuffer | undefined }
  /** `passage`: the short way that the rest takes. */
  | {
      readonly kind: 'body'
      readonly framing: BodyKind
      readonly reader: BodyReader
      passage: Passage | undefined
    }
  /** `early`: bytes that came right behind a 101. */
  | { readonly kind: 'whole'; readonly early: Buffer | undefined }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'closed' }

export const CONNECTING: State = { kind: 'connecting' }
export const IDLE: State = { kind: 'idle' }
export const HEAD_DUE: State = { kind: 'head', buffer: undefined }
export const WHOLE: State = { kind: 'whole', early: undefined }
export const TUNNEL: State = { kind: 'tunnel' }
export const CLOSED: State = { kind: 'closed' }
