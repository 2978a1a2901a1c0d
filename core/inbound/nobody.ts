/** Who hears of a request before the handler has said who answers it. */
import type { RequestSink } from '../stream/client-stream.ts'

export const NOBODY: RequestSink = {
  onRequestBody() {},
  onRequestEnd() {},
  onRequestFault() {},
  onClientBlocked() {},
  onClientGone() {},
}
