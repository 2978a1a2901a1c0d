/** May a failed attempt be made again? Pure; the one home of that rule. */
import type { FailureCause } from '../stream/backend-stream.ts'

export interface FailedAttempt {
  readonly cause: FailureCause
  /** The connection had served a request before: the backend may have closed it just as ours was on its way. */
  readonly wasReused: boolean
  readonly hasResponseBegun: boolean
  /** The method promises that a second request does no more than the first (RFC 9110 9.2.2). */
  readonly isIdempotent: boolean
  /** Bytes of a request body went out, which are not kept. */
  readonly hasSentBody: boolean
  /** Backends this request may still be given to. */
  readonly backendsLeft: number
}

/** 'another': a backend not yet tried. 'same': the same one, over a fresh connection. */
export type Retry = 'another' | 'same' | 'none'

/**
 * Nothing has been sent when a connect fails, so any request may go elsewhere (where a connection may be idle, should
 * we ourselves be short of something). A connection that died before a byte of
 * a response may have been stale, or the backend may have died over the request: so it is made again only where that
 * does no harm (RFC 9112 9.3.1). A stale connection says nothing of its backend, which is therefore asked once more,
 * over a connection that cannot be stale; should it be dead, that one's failure leads to another.
 */
export function decideRetry(failed: FailedAttempt): Retry {
  const other = failed.backendsLeft > 0 ? 'another' : 'none'
  if (failed.cause === 'connect' || failed.cause === 'local') return other
  const isHarmless = failed.isIdempotent && !failed.hasSentBody && !failed.hasResponseBegun
  if (failed.cause !== 'reset' || !isHarmless) return 'none'
  return failed.wasReused ? 'same' : other
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** RFC 9110 9.2.2; unknown methods are taken not to be. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method)
