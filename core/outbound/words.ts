/** What went wrong on a connection to a backend, in words. */
import type { BackendTimeouts } from '../net/timeouts.ts'
import { SPEAKS_HTTP_1 } from '../http2/errors.ts'
import { beginsHttp2 } from '../http2/frames.ts'
import type { State } from './http1-states.ts'

/** How far a response had come that ended before its body, in words; `interims`: 1xx responses before it. */
export function progressOf({ buffer }: State & { readonly kind: 'head' }, interims: number): string {
  if (buffer !== undefined) return "in the middle of its response's head"
  return interims > 0 ? 'after an interim response' : 'without a response'
}

/** What took too long, in words; undefined: nothing that anybody waits for. */
export function lateWords(
  kind: State['kind'],
  isBlocked: boolean,
  { idleMs, responseMs }: BackendTimeouts,
): string | undefined {
  if (isBlocked) return `the backend took no bytes for ${idleMs} ms`
  if (kind === 'head') return `no response within ${responseMs} ms`
  return kind === 'body' ? `the response stood still for ${idleMs} ms` : undefined
}

/** What a backend did that is gone without an end; `alert`: what it has said of that, over TLS. */
export const cutWords = (alert: string | undefined): string =>
  alert === undefined ? 'the backend reset the connection' : `the backend ended TLS (${alert})`

export const NO_DESCRIPTOR = { isLocal: true, detail: 'no descriptor is free' }
export const TIME_OVER = 'the backend was removed and its drain time is over'

/** What a backend did that is asked in HTTP/2. `fault`: what is wrong with that. */
export const brokenWords = (fault: string): string =>
  fault === SPEAKS_HTTP_1
    ? 'the backend answers in HTTP/1.x, and was asked in HTTP/2: "protocol" of its pool may be "http/1.1"'
    : `the backend broke HTTP/2: ${fault}`

/** What a backend did that is asked in HTTP/1.1. `fault`: what is wrong with `bytes`, the piece that was read. */
export const misreadWords = (fault: string, bytes: Buffer): string =>
  beginsHttp2(bytes)
    ? 'the backend speaks HTTP/2, and was asked in HTTP/1.1: "protocol" of its pool may be "h2c", or "h2" over TLS'
    : fault
