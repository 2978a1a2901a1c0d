/** What a client is told when no backend has answered it. */
import type { Stop } from '../forward/hops.ts'
import { nameOfGrpcCode } from '../http1/grpc.ts'
import type { FailureCause } from '../stream/backend-stream.ts'
import type { Problem } from '../stream/client-stream.ts'
import type { Answer } from './retry.ts'

export const UNAVAILABLE: Problem = { status: 503, detail: 'no backend is usable now', retryAfterSeconds: 1 }

/** For an attempt that came to nothing and is not made again; `grpcStatus`: what a call of gRPC is told, undefined: what HTTP's status comes to. */
export function problemOf(cause: FailureCause, detail: string, grpcStatus?: number): Problem {
  if (cause === 'local') return { status: 503, detail: `no connection can be opened: ${detail}`, retryAfterSeconds: 1 }
  if (cause === 'timeout') return { status: 504, detail }
  if (cause === 'connect') return { status: 502, detail: `no connection to a backend: ${detail}` }
  return { status: 502, detail, ...(grpcStatus !== undefined && { grpcStatus }) }
}

/** For a response that was thrown away for another's, which never came. */
export function problemOfAnswer(answer: Answer): Problem {
  const [status, told] =
    answer.kind === 'answered' ? [answer.status, answer.status] : [503, nameOfGrpcCode(answer.grpcStatus)]
  return { status, detail: `a backend answered ${told}, and no other is usable now` }
}

/** For a request that goes no further than to us. */
export function problemOfStop(stop: Stop): Problem {
  switch (stop.kind) {
    case 'loop':
      return { status: 508, detail: 'Via names this proxy twice already: the request goes in circles' }
    case 'options':
      return { status: 200, detail: 'the last hop', content: { type: undefined, text: '' } }
    case 'trace':
      return { status: 200, detail: 'the last hop', content: { type: 'message/http', text: stop.message } }
  }
}
