/** Who hears a client's stream that nobody has taken up yet. */
import type { RequestSink } from './client-stream.ts'

export const NOBODY: RequestSink = {
  onRequestBody() {},
  onRequestEnd() {},
  onRequestFault() {},
  onClientBlocked() {},
  onClientGone() {},
}
