/** A client that speaks in bytes. */
import { parseResponse, type RawResponse } from './raw-message.ts'
import { type PeerOptions, peerHandlers, RawPeer } from './raw-peer.ts'

/** Connects to a port of this machine; dispose of it to cut the connection. */
export async function connectTo(port: number, options: PeerOptions = {}): Promise<RawPeer> {
  const peer = new RawPeer(options)
  await Bun.connect<RawPeer>({ hostname: '127.0.0.1', port, data: peer, allowHalfOpen: true, socket: peerHandlers })
  return peer
}

/** The next response on the connection, to a request of `method`; an interim one counts. */
export const nextResponse = (client: RawPeer, method = 'GET'): Promise<RawResponse> =>
  client.take((text, hasEnded) => parseResponse(text, method, hasEnded), 'a whole response')

/** Sends a request and reads its response. */
export function ask(client: RawPeer, request: string): Promise<RawResponse> {
  client.send(request)
  return nextResponse(client, request.slice(0, request.indexOf(' ')))
}

/** The smallest valid request: `GET path` with these further lines, each ending in CRLF. */
export const get = (path = '/', lines = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

/** A POST with a Content-Length. */
export const post = (body: string, path = '/', lines = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`

/** A POST in chunks. */
export const postChunks = (chunks: readonly string[], lines = '', trailers = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${lines}\r\n${chunked(chunks, trailers)}`

/** The body in these chunks, with its last chunk and trailers. */
export const chunked = (chunks: readonly string[], trailers = ''): string =>
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n${trailers}\r\n`
