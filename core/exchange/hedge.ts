/** Whether and when a request may be given to a second backend while the first is still silent. */
import type { RequestHead } from '../http1/request-head.ts'
import type { HedgePolicy } from '../pool/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import { isSafe } from './retry.ts'

/**
 * ms from the begin of the first attempt; undefined: not at all. Only safe requests are (RFC 9110 9.2.1): both attempts
 * may be carried out. Nor is anything that switches protocols, or while too few answers are known to compare with.
 */
export function hedgeAfterMs(
  { after, leastMs }: HedgePolicy,
  { headTimes }: Pick<Pool, 'headTimes'>,
  request: { readonly head: RequestHead; readonly client: Pick<ClientStream, 'isUpgrade'>; readonly now: number },
): number | undefined {
  if (request.client.isUpgrade || !isSafe(request.head.method)) return undefined
  const usualMs = headTimes.percentileMs(after, request.now)
  return usualMs === undefined ? undefined : Math.max(usualMs, leastMs)
}
