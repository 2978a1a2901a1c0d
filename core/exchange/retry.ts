/** May a failed attempt be made again, where, and after which wait? Pure; the one home of these rules. */
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { RetryPolicy } from '../pool/policy.ts'
import type { Random } from '../random.ts'
import type { FailureCause } from '../stream/backend-stream.ts'

/** What has become of an attempt. */
export type Failure =
  | {
      readonly kind: 'failed'
      readonly cause: FailureCause
      /** The connection had served a request before: the backend may have closed it just as ours was on its way. */
      readonly wasReused: boolean
      readonly hasResponseBegun: boolean
      /** The backend has said that it did nothing with the request (RFC 9113 8.7). */
      readonly wasRefused?: boolean
    }
  /** A response came; `retryAfterMs`: the wait that it asks for, undefined where it asks for none. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | undefined }
  /** A call of gRPC has come to that status and to nothing else; `pushbackMs`: as `retryAfterMs`, Infinity: it is not to be made again. */
  | { readonly kind: 'called'; readonly grpcStatus: number; readonly pushbackMs: number | undefined }

/** Of an attempt that was answered. */
export type Answer = Exclude<Failure, { readonly kind: 'failed' }>

/** What of the request decides, beside the failure. */
export interface Retryable {
  /** A second request does no more than the first: see `isRepeatable`. */
  readonly isRepeatable: boolean
  /** Bytes of its body went out that are not kept. */
  readonly isBodyLost: boolean
  /** An interim response was passed on to its client. */
  readonly hasInterim: boolean
  /** Backends that it was sent to before, and that failed it; those that could not be reached are not among them. */
  readonly failed: number
  /** Backends that it was given to, the one that has just failed it included. */
  readonly given: number
  /** Times that it was refused before, and made again for that. */
  readonly refused: number
}

/** Why an attempt is made that is not the first, as counters name it. 'stale': over a kept connection that had died. */
export type RetryReason = 'connect' | 'local' | 'stale' | 'reset' | 'timeout' | 'protocol' | 'status'

/**
 * 'same': the same backend, over a fresh connection. 'any': whichever has room, the same one too, for nothing of the budget.
 * 'another': one not yet tried. `isFree`: it takes nothing from the
 * pool's budget. `backsOff`: after a wait by chance; `leastMs`: the least wait.
 */
export type Retry =
  | { readonly kind: 'none' }
  | { readonly kind: 'same'; readonly reason: 'stale' }
  | { readonly kind: 'any'; readonly reason: 'reset'; readonly backsOff: boolean }
  | {
      readonly kind: 'another'
      readonly reason: RetryReason
      readonly isFree: boolean
      readonly backsOff: boolean
      readonly leastMs: number
    }

const NONE: Retry = { kind: 'none' }
const SAME: Retry = { kind: 'same', reason: 'stale' }

const another = (reason: RetryReason, leastMs = 0, backsOff = reason !== 'local' && reason !== 'connect'): Retry => ({
  kind: 'another',
  reason,
  isFree: reason === 'local',
  backsOff,
  leastMs,
})

/**
 * Backends that one request is given to at most, unless `attempts` allows more: a bound for those that cannot be reached,
 * which `attempts` does not count. More than die at once on an ordinary day.
 */
export const MOST_GIVEN = 8

/**
 * Times that a request which was refused is made again as if it had not been sent (gRFC A6, transparent retries): such a
 * backend had too many others under way, or was about to leave, so each finds another connection or fewer before it. One
 * that refuses more often than that has failed.
 */
export const MOST_REFUSED = 8

/** Whether the request was sent, its head at least: else the attempt counts for nothing but `MOST_GIVEN`. */
export const wasSent = (failure: Failure): boolean =>
  failure.kind !== 'failed' || (failure.cause !== 'connect' && failure.cause !== 'local')

/**
 * Nothing has been sent when a connect fails, so any request may go elsewhere at once (where a connection may be idle,
 * should we ourselves be short of something), and to as many backends as it takes to find one that can be reached. A
 * connection that died before a byte of a response may have been stale, or the backend may have died over the request: so
 * it is made again only where that does no harm (RFC 9112 9.3.1). A stale connection says nothing of its backend, which is
 * therefore asked once more, over a connection that cannot be stale; should it be dead, that one's failure leads to
 * another. That is free: each needs a connection that has answered before, so it multiplies no outage. A part of a head is
 * as good as nothing while the client has not heard of it; an interim response it has heard of, and another backend's would
 * contradict it: some clients send a body anew upon each 100. Which calls of gRPC do no harm twice the policy says, by their
 * status: their method is always POST. What a backend has said that it did not touch is made again whatever it asks for.
 */
export function decideRetry(failure: Failure, request: Retryable, policy: RetryPolicy): Retry {
  const isAnotherLeft = request.failed + 1 < policy.attempts && mayBeGivenOn(request, policy)
  const isHarmless = request.isRepeatable || failure.kind === 'called' || wasLeftAlone(failure)
  const maySendAgain = isHarmless && !request.isBodyLost && !request.hasInterim
  if (failure.kind === 'answered')
    return maySendAgain && isAnotherLeft ? afterAnswer(failure.status, failure.retryAfterMs, policy) : NONE
  if (failure.kind === 'called') return maySendAgain && isAnotherLeft ? afterCall(failure, policy) : NONE
  const { cause, wasReused, hasResponseBegun } = failure
  if (cause === 'connect' || cause === 'local') return afterNothingSent(cause, request, policy)
  if (!maySendAgain) return NONE
  if (wasLeftAlone(failure)) {
    if (request.refused < MOST_REFUSED && policy.attempts > 1)
      return { kind: 'any', reason: 'reset', backsOff: request.refused > 0 }
  } else if (cause === 'reset' && wasReused && !hasResponseBegun) return SAME
  return isAnotherLeft && policy.on.includes(cause) ? another(cause) : NONE
}

const wasLeftAlone = (failure: Failure): boolean => failure.kind === 'failed' && failure.wasRefused === true

function afterNothingSent(cause: 'connect' | 'local', request: Retryable, policy: RetryPolicy): Retry {
  const isNamed = cause === 'local' || policy.on.includes(cause)
  return isNamed && policy.attempts > 1 && mayBeGivenOn(request, policy) ? another(cause) : NONE
}

const mayBeGivenOn = ({ given }: Retryable, { attempts }: RetryPolicy): boolean =>
  given < Math.max(MOST_GIVEN, attempts)

/** A 429 (RFC 6585 4) speaks of the client: another backend may answer it otherwise only once the wait is over. */
function afterAnswer(status: number, retryAfterMs: number | undefined, policy: RetryPolicy): Retry {
  if (!policy.statuses.includes(status)) return NONE
  if (retryAfterMs === undefined) return status === 429 ? NONE : another('status')
  return retryAfterMs > policy.maxRetryAfterMs ? NONE : another('status', retryAfterMs)
}

/** gRPC's rules (gRFC A6): a backend that says when is taken at its word, and one that says that it does not want to is. */
function afterCall({ grpcStatus, pushbackMs }: Failure & { readonly kind: 'called' }, policy: RetryPolicy): Retry {
  if (!policy.grpcStatuses.includes(grpcStatus)) return NONE
  if (pushbackMs === undefined) return another('status')
  return pushbackMs > policy.maxRetryAfterMs ? NONE : another('status', pushbackMs, false)
}

/**
 * The wait before a retry, `earlier` of which waited before: anything up to a bound that doubles each time ("full
 * jitter": Brooker, Exponential Backoff And Jitter, 2015), so that requests that failed together do not come back together.
 */
export function backoffMs({ backoffMs: first, maxBackoffMs }: RetryPolicy, earlier: number, random: Random): number {
  return random() * Math.min(first * 2 ** earlier, maxBackoffMs)
}

/** RFC 9110 9.2.1, and QUERY (RFC 10008). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])
const IDEMPOTENT = new Set([...SAFE, 'PUT', 'DELETE'])

/** Whether the method asks for no change of state; unknown ones are taken not to be safe. */
export const isSafe = (method: string): boolean => SAFE.has(method)

/** RFC 9110 9.2.2; unknown methods are taken not to be. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method)

/** Whether a second request does no more than the first: by its method, or since the client numbers it (Idempotency-Key). */
export function isRepeatable(head: Pick<RequestHead, 'isGet' | 'isPost' | 'method' | 'fields'>): boolean {
  // Nearly all are one of the two, and a method's text is made anew each time.
  return head.isGet || (!head.isPost && isIdempotent(head.method)) || hasKey(head.fields)
}

const IDEMPOTENCY_KEY = Buffer.from('idempotency-key')

function hasKey(fields: FieldSection): boolean {
  const line = fields.lineNamed(IDEMPOTENCY_KEY, 0)
  return line >= 0 && fields.value(line) !== ''
}
