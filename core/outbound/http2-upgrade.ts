/**
 * A WebSocket asked for in HTTP/2 (extended CONNECT, RFC 8441), for a client that has asked for it as one does in HTTP/1.1
 * (RFC 6455): what is known of the request, and how the response looks to the client.
 */
import { createHash } from 'node:crypto'
import * as kind from '../http1/field-names.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { PeerSettings } from '../http2/settings.ts'

export interface Upgrade {
  /** What the client takes for the proof that it has been understood; undefined: it has asked for none. */
  readonly accept: string | undefined
}

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = 'sec-websocket-key'
const ACCEPT = Buffer.from('sec-websocket-accept')
const END = Buffer.from('\r\n')

export const NO_UPGRADE =
  'the backend takes no such upgrade in HTTP/2: "protocol" of its pool may be "auto" or "http/1.1"'

/** Of a request that asks for one; undefined: the backend takes none, or it is to something else than a WebSocket. */
export function upgradeIn(
  { fields }: RequestHead,
  { takesConnectProtocol }: Pick<PeerSettings, 'takesConnectProtocol'>,
): Upgrade | undefined {
  if (!takesConnectProtocol || fields.valueOf(kind.UPGRADE)?.toLowerCase() !== 'websocket') return undefined
  const key = fields.valueNamed(KEY)
  return { accept: key === undefined ? undefined : createHash('sha1').update(`${key}${GUID}`).digest('base64') }
}

/** Makes a success (RFC 8441 5) the 101 of HTTP/1.1 in `head`. Throws ProtocolError. */
export function switchProtocols(head: ResponseHead, { accept }: Upgrade, limits: HttpLimits): void {
  const proof = accept === undefined ? '' : `Sec-WebSocket-Accept: ${accept}\r\n`
  const begin = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${proof}`
  const bytes = Buffer.concat([Buffer.from(begin, 'latin1'), ...passedOn(head), END])
  head.parse(bytes, 0, bytes.length, limits)
}

/** All lines but a length, which says nothing here (RFC 9110 9.3.6), and a proof of another key than the client's, as some send it. */
function passedOn({ bytes, fields }: ResponseHead): Buffer[] {
  const lines: Buffer[] = []
  for (let index = 0; index < fields.count; index += 1) {
    const isProof = fields.lineNamed(ACCEPT, index) === index
    if (isProof || fields.kinds[index] === kind.CONTENT_LENGTH) continue
    lines.push(bytes.subarray(fields.starts[index], (fields.ends[index] as number) + 2))
  }
  return lines
}
