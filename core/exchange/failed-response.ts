/** Which responses may be thrown away for those of other backends, and what they ask of whoever tries again. */
import type { Clock } from '../clock.ts'
import { parsePushback, PUSHBACK } from '../http1/grpc.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { parseRetryAfter } from '../http1/retry-after.ts'
import type { RetryPolicy } from '../pool/policy.ts'
import type { Answer } from './retry.ts'

/** `grpcStatus`: of a call whose response is its head alone; undefined: it is none. Returns undefined for what is passed on. */
export function failureIn(
  { status, fields }: ResponseHead,
  grpcStatus: number | undefined,
  { statuses, grpcStatuses }: RetryPolicy,
  clock: Pick<Clock, 'wallTime'>,
): Answer | undefined {
  if (statuses.length > 0 && statuses.includes(status)) {
    const wait = fields.valueNamed('retry-after')
    const retryAfterMs = wait === undefined ? undefined : parseRetryAfter(wait, clock.wallTime())
    return { kind: 'answered', status, retryAfterMs }
  }
  if (grpcStatus === undefined || !grpcStatuses.includes(grpcStatus)) return undefined
  const pushback = fields.valueNamed(PUSHBACK)
  return { kind: 'called', grpcStatus, pushbackMs: pushback === undefined ? undefined : parsePushback(pushback) }
}
