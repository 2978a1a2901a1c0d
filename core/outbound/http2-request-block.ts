/**
 * The field block that a backend gets: the head as it would be forwarded in HTTP/1.1 (see `rewrite-request.ts`, where what is
 * changed on the way has its one home), in the form of HTTP/2.
 */
import { type RequestRewrite, requestHeadRoom, writeRequestHead } from '../forward/rewrite-request.ts'
import * as kind from '../http1/field-names.ts'
import { COLON, CR, equalsIgnoringCase, isWhitespace, LF, SPACE } from '../http1/grammar.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { FrameWriter } from '../http2/frame-writer.ts'
import {
  BLOCK_OVERHEAD,
  emptySpan,
  FIELD_OVERHEAD,
  type HpackEncoder,
  type Span,
  writeIndexed,
} from '../http2/hpack-encoder.ts'

export interface RequestTarget {
  readonly frames: FrameWriter
  readonly encoder: HpackEncoder
  readonly settings: { readonly maxFrameBytes: number }
  readonly scheme: 'http' | 'https'
}

const FIRST_SCRATCH = 16 * 1024
const span = emptySpan()
const METHOD = Buffer.from(':method')
const PATH = Buffer.from(':path')
const PROTOCOL = Buffer.from(':protocol')
const CONNECT = Buffer.from('CONNECT')
/** Proves nothing in HTTP/2 (RFC 8441 5). */
const KEY = Buffer.from('sec-websocket-key')
const AUTHORITY = Buffer.from(':authority')
/** Indices of the static table (RFC 7541 A). */
const METHOD_INDEX = [
  { method: Buffer.from('GET'), index: 2 },
  { method: Buffer.from('POST'), index: 3 },
]
const SCHEME_INDEX = { http: 6, https: 7 }
/** Lines that HTTP/2 has no use for (RFC 9113 8.2.2); Host becomes `:authority`. */
const LEFT_OUT = ['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade', 'host'].map((name) =>
  Buffer.from(name),
)
/** Lengths of their names. */
const MAY_BE_LEFT_OUT = new Uint8Array(64)
for (const { length } of LEFT_OUT) MAY_BE_LEFT_OUT[length] = 1
const HOST = Buffer.from('host')

/** Where heads are written before they are made into blocks. */
let scratch = Buffer.allocUnsafeSlow(FIRST_SCRATCH)

/** Writes the block; spoils `head` for other use. */
export function writeRequestBlock(
  target: RequestTarget,
  streamId: number,
  head: RequestHead,
  rewrite: RequestRewrite,
): void {
  const { frames, encoder, settings } = target
  const protocol = rewrite.isUpgrade ? head.fields.valueOf(kind.UPGRADE) : undefined
  const room = requestHeadRoom(head, rewrite)
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(2 * room)
  const length = writeRequestHead(scratch, 0, head, rewrite)
  const bytes = scratch
  const start = frames.beginBlock(length + (head.fields.count + 16) * FIELD_OVERHEAD + BLOCK_OVERHEAD)
  findLines(bytes)
  let end = encoder.begin(frames.bytes, start)
  end = writePseudo(target, end, bytes, protocol)
  end = writeLines(target, end, bytes, protocol !== undefined)
  frames.endBlock(streamId, end, settings.maxFrameBytes)
}

/** Where lines of the head begin, their colons, and their CRLF; three numbers each. */
const bounds: number[] = []

function findLines(bytes: Buffer): void {
  bounds.length = 0
  let at = 0
  while (bytes[at] !== LF) at += 1
  for (at += 1; bytes[at] !== CR;) {
    const start = at
    while (bytes[at] !== COLON) at += 1
    const colon = at
    while (bytes[at] !== CR) at += 1
    bounds.push(start, colon, at)
    at += 2
  }
}

/** `protocol`: asked for by extended CONNECT (RFC 8441 4); undefined: it is a request of its own method. */
function writePseudo(target: RequestTarget, at: number, bytes: Buffer, protocol: string | undefined): number {
  const { frames, encoder, scheme } = target
  const out = frames.bytes
  let methodEnd = 0
  while (bytes[methodEnd] !== SPACE) methodEnd += 1
  let targetEnd = methodEnd + 1
  while (bytes[targetEnd] !== SPACE) targetEnd += 1
  let end = protocol === undefined ? writeMethod(target, at, bytes, methodEnd) : writeConnect(target, at, protocol)
  end = writeIndexed(out, end, SCHEME_INDEX[scheme])
  for (let index = 0; index < bounds.length; index += 3) {
    const [start, colon, stop] = [bounds[index] as number, bounds[index + 1] as number, bounds[index + 2] as number]
    if (!equalsIgnoringCase(bytes, start, colon, HOST)) continue
    end = encoder.write(out, end, trimmed(pseudo(AUTHORITY, bytes, colon + 1, stop)))
    break
  }
  return encoder.write(out, end, pseudo(PATH, bytes, methodEnd + 1, targetEnd))
}

/** That at bytes[0..methodEnd). */
function writeMethod({ frames, encoder }: RequestTarget, at: number, bytes: Buffer, methodEnd: number): number {
  const out = frames.bytes
  const index = indexOfMethod(bytes, methodEnd)
  return index === undefined
    ? encoder.write(out, at, pseudo(METHOD, bytes, 0, methodEnd))
    : writeIndexed(out, at, index)
}

function writeConnect({ frames, encoder }: RequestTarget, at: number, protocol: string): number {
  const out = frames.bytes
  const name = Buffer.from(protocol.toLowerCase(), 'latin1')
  const end = encoder.write(out, at, pseudo(METHOD, CONNECT, 0, CONNECT.length))
  return encoder.write(out, end, pseudo(PROTOCOL, name, 0, name.length))
}

/** Of the method at bytes[0..end), which is one of that very case (RFC 9110 9.1); undefined: it has none. */
function indexOfMethod(bytes: Buffer, end: number): number | undefined {
  for (const { method, index } of METHOD_INDEX) {
    if (method.length !== end) continue
    let at = 0
    while (at < end && bytes[at] === method[at]) at += 1
    if (at === end) return index
  }
  return undefined
}

/** A field whose name is none of the head's own. */
function pseudo(name: Buffer, bytes: Buffer, start: number, end: number): Span {
  span.names = name
  span.nameStart = 0
  span.nameEnd = name.length
  span.bytes = bytes
  span.valueStart = start
  span.valueEnd = end
  return span
}

function writeLines({ frames, encoder }: RequestTarget, at: number, bytes: Buffer, isUpgrade: boolean): number {
  let end = at
  span.names = bytes
  span.bytes = bytes
  for (let index = 0; index < bounds.length; index += 3) {
    const [start, colon] = [bounds[index] as number, bounds[index + 1] as number]
    if (isLeftOut(bytes, start, colon) || (isUpgrade && equalsIgnoringCase(bytes, start, colon, KEY))) continue
    span.nameStart = start
    span.nameEnd = colon
    span.valueStart = colon + 1
    span.valueEnd = bounds[index + 2] as number
    end = encoder.write(frames.bytes, end, trimmed(span))
  }
  return end
}

function isLeftOut(bytes: Buffer, start: number, colon: number): boolean {
  if (MAY_BE_LEFT_OUT[colon - start] !== 1) return false
  return LEFT_OUT.some((name) => equalsIgnoringCase(bytes, start, colon, name))
}

/** Without white space around its value. */
function trimmed(field: Span): Span {
  const { bytes } = field
  while (field.valueStart < field.valueEnd && isWhitespace(bytes[field.valueStart])) field.valueStart += 1
  while (field.valueEnd > field.valueStart && isWhitespace(bytes[field.valueEnd - 1])) field.valueEnd -= 1
  return field
}
