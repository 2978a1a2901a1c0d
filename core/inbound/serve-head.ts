/**
 * A request as `Bun.serve` hands it over -> the one form that heads have here: an HTTP/1.1 head in bytes, which the strict
 * parser judges like any other. Nothing that Bun has merged or mended is believed for that it has let it through.
 */
import { ProtocolError } from '../errors.ts'

/** What of a Request its head is made of. */
export interface ServedRequest {
  readonly method: string
  /** `scheme://`, the Host and a normalised target; where the Host is no host, the target alone. */
  readonly url: string
  /** Names in lower case, each once: repeated lines come joined. */
  readonly headers: Iterable<[string, string]>
  /** null: it has none, or Bun keeps it to itself. */
  readonly body: object | null
}

/** What would end a line of ours. */
const LINE_BREAK = /[\r\n]/
/** What is no byte: Latin-1 would make another of it, a line break even. */
const NO_BYTE = /[^\0-\xff]/
const ORIGIN = /^[a-z]+:\/\/[^/]*/
/** Of the connection with Bun alone, or answered by it (Expect), or about what can't go out (TE). */
const LEFT_OUT: ReadonlySet<string> = new Set(['upgrade', 'http2-settings', 'te', 'expect'])

/** Whether it is a call of gRPC by its Content-Type, or passes for one at a backend that looks no further; gRPC-Web is none. */
export const isCall = (contentType: string): boolean => /^application\/grpc(?!-)/i.test(contentType)

/** Throws ProtocolError (400, 501) over what can't be told in a head; what is in it the parser judges. */
export function headOf({ method, url, headers, body }: ServedRequest): Buffer {
  let length: string | undefined
  let isChunked = false
  let text = lineOf(method, targetOf(url))
  for (const [name, value] of headers) {
    if (name === 'upgrade' && /\bwebsocket\b/i.test(value))
      throw new ProtocolError('"engine": "serve" can not pass WebSockets on', 501)
    // Its trailers would be lost, and its backend be blamed for a call without `te`.
    if (name === 'content-type' && isCall(value))
      throw new ProtocolError('"engine": "serve" can not pass gRPC on: it has no trailers', 501)
    if (name === 'content-length') length = value
    if (name === 'transfer-encoding') isChunked = true
    if (!LEFT_OUT.has(name)) text += fieldLine(name, value)
  }
  // Of GET and HEAD Bun throws it away: the backend would wait for what never comes.
  if (body === null && (isChunked || (length !== undefined && !/^0+$/.test(length))))
    throw new ProtocolError(`"engine": "serve" can not pass on the body of a ${method}`)
  if (body !== null && length === undefined && !isChunked) text += 'transfer-encoding: chunked\r\n'
  if (NO_BYTE.test(text)) throw new ProtocolError('a head may hold bytes alone')
  return Buffer.from(`${text}\r\n`, 'latin1')
}

/** In origin-form. */
const targetOf = (url: string): string => url.replace(ORIGIN, '') || '/'

function lineOf(method: string, target: string): string {
  if (LINE_BREAK.test(method) || LINE_BREAK.test(target))
    throw new ProtocolError('a request line may hold no line break')
  return `${method} ${target} HTTP/1.1\r\n`
}

function fieldLine(name: string, value: string): string {
  if (LINE_BREAK.test(name) || LINE_BREAK.test(value)) throw new ProtocolError('a field may hold no line break')
  return `${name}: ${value}\r\n`
}
