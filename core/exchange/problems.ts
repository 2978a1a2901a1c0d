/** What a client is told when no backend could answer it. */
import type { FailureCause } from '../stream/backend-stream.ts'
import type { Problem } from '../stream/client-stream.ts'

export const UNAVAILABLE: Problem = { status: 503, detail: 'no backend is usable now', retryAfterSeconds: 1 }

/** For an attempt that came to nothing and is not made again. */
export function problemOf(cause: FailureCause, detail: string): Problem {
  if (cause === 'local') return { status: 503, detail: `no connection can be opened: ${detail}`, retryAfterSeconds: 1 }
  if (cause === 'timeout') return { status: 504, detail }
  return { status: 502, detail: cause === 'connect' ? `no connection to a backend: ${detail}` : detail }
}
