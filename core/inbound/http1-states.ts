/** The states of a client's HTTP/1 connection, each with its own fields; which follows which: `http1/lifecycle.ts`. */
import { ProtocolError } from '../errors.ts'
import type { HeadBuffer } from '../http1/head-buffer.ts'
import { CLIENT_TIMEOUTS } from '../http1/lifecycle.ts'
import type { ClientTimeouts } from '../net/timeouts.ts'
import type { RequestBody } from './request-body.ts'

export type State =
  | { readonly kind: 'idle' }
  /** `buffer`: its first pieces; undefined: nothing of the head has come. */
  | { readonly kind: 'head'; readonly buffer: HeadBuffer | undefined }
  | { readonly kind: 'body'; readonly body: RequestBody }
  | { readonly kind: 'whole' }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'closed' }

/** Those without fields of their own. */
export const STATES: Readonly<Record<'idle' | 'head' | 'whole' | 'tunnel' | 'closed', State>> = {
  idle: { kind: 'idle' },
  /** Nothing of it has come. */
  head: { kind: 'head', buffer: undefined },
  whole: { kind: 'whole' },
  tunnel: { kind: 'tunnel' },
  closed: { kind: 'closed' },
}

/** Something of a head has come, and not the whole. */
export const isInHead = (state: State): boolean => state.kind === 'head' && state.buffer !== undefined

/**
 * How long a kept-alive connection that is to leave waits for one more request, which is answered with `Connection: close`.
 * To close it at once would throw away a request that is on its way; a client in use sends one within this time.
 */
const LAST_CALL_MS = 1000

/** Which timeout runs; undefined: none. `holder`: who holds things up just now, the client by not reading. */
export function timeoutIn(
  { kind }: State,
  holder: 'client' | 'exchange' | undefined,
): keyof ClientTimeouts | undefined {
  if (holder === 'client') return 'bodyMs'
  return kind === 'body' && holder === 'exchange' ? undefined : CLIENT_TIMEOUTS[kind]
}

/** How long it is; `isLeaving`: the connection is to answer one more request at most. */
export const lengthOf = (name: keyof ClientTimeouts, timeouts: ClientTimeouts, isLeaving: boolean): number =>
  name === 'keepAliveMs' && isLeaving ? Math.min(LAST_CALL_MS, timeouts[name]) : timeouts[name]

export const tooLate = (what: 'head' | 'body'): ProtocolError =>
  new ProtocolError(`the request ${what} came too slowly`, 408)
