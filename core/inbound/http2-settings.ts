/** What clients of HTTP/2 are told that they may do (RFC 9113 6.5.2). */
import * as setting from '../http2/settings.ts'
import { STREAM_WINDOW } from './http2-request-body.ts'

/** Streams open at once: `MAX_CONCURRENT_STREAMS`. */
export const MAX_STREAMS = 100

/** The header table has its default size, and pushes are not asked of a client. */
export const OUR_SETTINGS = setting.settingsPayload([
  [setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
  [setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
  [setting.ENABLE_CONNECT_PROTOCOL, 1],
])
