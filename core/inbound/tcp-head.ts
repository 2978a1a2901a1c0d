/**
 * What the rules of HTTP are shown of a connection in TCP mode: a head in which nothing stands but the server name that it asks
 * for, so that routes, limits and strategies go by what they always go by.
 */
import type { RequestHead } from '../http1/request-head.ts'

const NAMELESS = Buffer.from('GET / HTTP/1.0\r\n\r\n')
/** Room for a name of DNS. */
const LIMITS = { maxHeadBytes: 1024, maxTargetBytes: 16, maxFields: 4 }

/** What a handshake or a PROXY header tells may be anything: nothing else gets into a head. */
const HOST_NAME = /^[a-z\d_](?:[a-z\d_.-]{0,251}[a-z\d_])?$/

/** `serverName`: in lower case; undefined, as is what is no host name: it asks for none. */
export const tcpHeadBytes = (serverName: string | undefined): Buffer =>
  serverName === undefined || !HOST_NAME.test(serverName)
    ? NAMELESS
    : Buffer.from(`GET / HTTP/1.0\r\nHost: ${serverName}\r\n\r\n`, 'latin1')

/** `head` holds it until the event is over. */
export function readTcpHead(head: RequestHead, bytes: Buffer): RequestHead {
  head.parse(bytes, 0, bytes.length, LIMITS)
  return head
}
