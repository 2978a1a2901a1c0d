/**
 * The field block that a backend gets: the head as it would be forwarded in HTTP/1.1 (see `rewrite-request.ts`, where what is
 * changed on the way has its one home), in the form of HTTP/2.
 */
import {
  dropsOf,
  hasOwnRequestLine,
  markRequest,
  type RequestRewrite,
  requestHeadRoom,
  writeAddedLines,
  writeRequestLine,
} from '../forward/rewrite-request.ts'
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { COLON, CR, equalsIgnoringCase, isWhitespace, SPACE } from '../http1/grammar.ts'
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
import { writeField } from '../http2/trailer-block.ts'

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
/** 1 for each kind of line of ours that HTTP/2 has no use for (RFC 9113 8.2.2); Host is `:authority`. */
const LEFT_OUT = new Uint8Array(kind.KIND_COUNT)
for (const each of [kind.CONNECTION, kind.TRANSFER_ENCODING, kind.UPGRADE, kind.HOST]) LEFT_OUT[each] = 1

/** Where lines of ours are written before they are made fields. */
let scratch = Buffer.allocUnsafeSlow(FIRST_SCRATCH)

/** Writes the block; spoils `head` for other use. */
export function writeRequestBlock(
  target: RequestTarget,
  streamId: number,
  head: RequestHead,
  rewrite: RequestRewrite,
): void {
  const { frames, encoder, settings } = target
  const { fields } = head
  const protocol = rewrite.isUpgrade ? fields.valueOf(kind.UPGRADE) : undefined
  const room = requestHeadRoom(head, rewrite)
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(2 * room)
  const bytes = scratch
  const cookies = markRequest(head, rewrite)
  const lineEnd = hasOwnRequestLine(head, rewrite) ? writeRequestLine(bytes, 0, head, rewrite) : 0
  const behind = cookies === '' ? lineEnd : lineEnd + bytes.write(cookies, lineEnd, 'latin1')
  const added = writeAddedLines(bytes, behind, head, rewrite)
  const start = frames.beginBlock(
    fields.end - head.start + added + (fields.count + 16) * FIELD_OVERHEAD + BLOCK_OVERHEAD,
  )
  let end = encoder.begin(frames.bytes, start)
  end = protocol === undefined ? writeMethod(target, end, head) : writeConnect(target, end, protocol)
  end = writeIndexed(frames.bytes, end, SCHEME_INDEX[target.scheme])
  end = encoder.write(frames.bytes, end, authorityOf(head, rewrite))
  end = encoder.write(frames.bytes, end, lineEnd > 0 ? targetIn(bytes) : targetOf(head))
  end = writeOwn(target, end, head, rewrite)
  end = writeAdded(target, end, lineEnd, added)
  frames.endBlock(streamId, end, settings.maxFrameBytes)
}

function writeMethod({ frames, encoder }: RequestTarget, at: number, { bytes, start, methodEnd }: RequestHead): number {
  const index = indexOfMethod(bytes, start, methodEnd)
  return index === undefined
    ? encoder.write(frames.bytes, at, pseudo(METHOD, bytes, start, methodEnd))
    : writeIndexed(frames.bytes, at, index)
}

/** Asked for by extended CONNECT (RFC 8441 4). */
function writeConnect({ frames, encoder }: RequestTarget, at: number, protocol: string): number {
  const out = frames.bytes
  const name = Buffer.from(protocol.toLowerCase(), 'latin1')
  const end = encoder.write(out, at, pseudo(METHOD, CONNECT, 0, CONNECT.length))
  return encoder.write(out, end, pseudo(PROTOCOL, name, 0, name.length))
}

const targetOf = ({ bytes, methodEnd, targetEnd }: RequestHead): Span => pseudo(PATH, bytes, methodEnd + 1, targetEnd)

/** Of the request line that `bytes` begin with. */
function targetIn(bytes: Buffer): Span {
  const start = bytes.indexOf(SPACE) + 1
  return pseudo(PATH, bytes, start, bytes.indexOf(SPACE, start))
}

function authorityOf(head: RequestHead, { backendHost }: RequestRewrite): Span {
  const { bytes, fields, authorityStart, authorityEnd } = head
  const host = fields.first[kind.HOST] as number
  if (authorityStart >= 0) return pseudo(AUTHORITY, bytes, authorityStart, authorityEnd)
  if (host >= 0) return pseudo(AUTHORITY, bytes, fields.valueStart(host), fields.valueEnd(host))
  return pseudo(AUTHORITY, Buffer.from(backendHost, 'latin1'), 0, backendHost.length)
}

/** Of the method at bytes[start..end), which is one of that very case (RFC 9110 9.1); undefined: it has none. */
function indexOfMethod(bytes: Buffer, start: number, end: number): number | undefined {
  for (const { method, index } of METHOD_INDEX) {
    if (method.length !== end - start) continue
    let at = 0
    while (start + at < end && bytes[start + at] === method[at]) at += 1
    if (start + at === end) return index
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

const isKey = ({ bytes, starts, colons }: FieldSection, index: number): boolean =>
  equalsIgnoringCase(bytes, starts[index] as number, colons[index] as number, KEY)

/** The client's own lines. */
function writeOwn(target: RequestTarget, at: number, { fields }: RequestHead, rewrite: RequestRewrite): number {
  const { isUpgrade } = rewrite
  const drops = dropsOf(rewrite)
  let end = at
  for (let index = 0; index < fields.count; index += 1) {
    const fieldKind = fields.kinds[index] as number
    if (drops[fieldKind] !== 0 || fieldKind === kind.HOST || (isUpgrade && isKey(fields, index))) continue
    end = writeField(target, end, fields, index)
  }
  return end
}

/** Lines of ours in `scratch`, from `from` to `to`, each with CRLF. */
function writeAdded({ frames, encoder }: RequestTarget, at: number, from: number, to: number): number {
  const lines = scratch
  let end = at
  span.names = lines
  span.bytes = lines
  for (let start = from; start < to;) {
    let colon = start
    while (lines[colon] !== COLON) colon += 1
    let stop = colon
    while (lines[stop] !== CR) stop += 1
    if (LEFT_OUT[kind.fieldKind(lines, start, colon)] === 0) {
      span.nameStart = start
      span.nameEnd = colon
      span.valueStart = colon + 1
      span.valueEnd = stop
      end = encoder.write(frames.bytes, end, trimmed(span))
    }
    start = stop + 2
  }
  return end
}

/** Without white space around its value. */
function trimmed(field: Span): Span {
  const { bytes } = field
  while (field.valueStart < field.valueEnd && isWhitespace(bytes[field.valueStart])) field.valueStart += 1
  while (field.valueEnd > field.valueStart && isWhitespace(bytes[field.valueEnd - 1])) field.valueEnd -= 1
  return field
}
