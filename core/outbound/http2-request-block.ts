/**
 * The field block that a backend gets: the head as it would be forwarded in HTTP/1.1 (see `rewrite-request.ts`, where what is
 * changed on the way has its one home), in the form of HTTP/2.
 */
import { type RequestRewrite, requestHeadRoom, writeRequestHead } from '../forward/rewrite-request.ts'
import { COLON, SPACE } from '../http1/grammar.ts'
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
const AUTHORITY = Buffer.from(':authority')
/** Indices of the static table (RFC 7541 A). */
const GET_INDEX = 2
const POST_INDEX = 3
const SCHEME_INDEX = { http: 6, https: 7 }
/** Lines that HTTP/2 has no use for (RFC 9113 8.2.2); Host becomes `:authority`. */
const LEFT_OUT = new Set(['connection', 'transfer-encoding', 'keep-alive', 'proxy-connection', 'upgrade', 'host'])
const LONGEST_LEFT_OUT = 'transfer-encoding'.length
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
  const room = requestHeadRoom(head, rewrite)
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(2 * room)
  const length = writeRequestHead(scratch, 0, head, rewrite)
  const bytes = scratch.subarray(0, length)
  const start = frames.beginBlock(length + (head.fields.count + 16) * FIELD_OVERHEAD + BLOCK_OVERHEAD)
  let end = encoder.begin(frames.bytes, start)
  end = writePseudo(target, end, bytes)
  end = writeLines(target, end, bytes)
  frames.endBlock(streamId, end, settings.maxFrameBytes)
}

function writePseudo({ frames, encoder, scheme }: RequestTarget, at: number, bytes: Buffer): number {
  const out = frames.bytes
  const methodEnd = bytes.indexOf(SPACE)
  const targetEnd = bytes.indexOf(SPACE, methodEnd + 1)
  const method = bytes.toString('latin1', 0, methodEnd)
  let end = at
  if (method === 'GET' || method === 'POST') end = writeIndexed(out, end, method === 'GET' ? GET_INDEX : POST_INDEX)
  else end = encoder.write(out, end, spanOf(METHOD, bytes, 0, methodEnd))
  end = writeIndexed(out, end, SCHEME_INDEX[scheme])
  const host = hostIn(bytes)
  if (host !== undefined) end = encoder.write(out, end, spanOf(AUTHORITY, bytes, host.start, host.end))
  return encoder.write(out, end, spanOf(PATH, bytes, methodEnd + 1, targetEnd))
}

/** A field whose name is none of the head's own bytes. */
function spanOf(name: Buffer, bytes: Buffer, start: number, end: number): Span {
  span.bytes = Buffer.concat([name, bytes.subarray(start, end)])
  span.nameStart = 0
  span.nameEnd = name.length
  span.valueStart = name.length
  span.valueEnd = span.bytes.length
  return span
}

function writeLines({ frames, encoder }: RequestTarget, at: number, bytes: Buffer): number {
  let end = at
  eachLine(bytes, (start, colon, stop) => {
    if (isLeftOut(bytes, start, colon)) return
    span.bytes = bytes
    span.nameStart = start
    span.nameEnd = colon
    span.valueStart = trimmedStart(bytes, colon + 1, stop)
    span.valueEnd = trimmedEnd(bytes, span.valueStart, stop)
    end = encoder.write(frames.bytes, end, span)
  })
  return end
}

function hostIn(bytes: Buffer): { start: number; end: number } | undefined {
  let found: { start: number; end: number } | undefined
  eachLine(bytes, (start, colon, stop) => {
    if (found !== undefined || colon - start !== HOST.length) return
    if (bytes.toString('latin1', start, colon).toLowerCase() !== 'host') return
    const from = trimmedStart(bytes, colon + 1, stop)
    found = { start: from, end: trimmedEnd(bytes, from, stop) }
  })
  return found
}

/** Each field line of a head: where it starts, its colon, and where its CRLF is. */
function eachLine(bytes: Buffer, visit: (start: number, colon: number, stop: number) => void): void {
  let start = bytes.indexOf('\r\n', 0, 'latin1') + 2
  while (start < bytes.length - 2) {
    const stop = bytes.indexOf('\r\n', start, 'latin1')
    visit(start, bytes.indexOf(COLON, start), stop)
    start = stop + 2
  }
}

const isLeftOut = (bytes: Buffer, start: number, colon: number): boolean =>
  colon - start <= LONGEST_LEFT_OUT && LEFT_OUT.has(bytes.toString('latin1', start, colon).toLowerCase())

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === 0x09

function trimmedStart(bytes: Buffer, from: number, end: number): number {
  let start = from
  while (start < end && isBlank(bytes[start])) start += 1
  return start
}

function trimmedEnd(bytes: Buffer, start: number, from: number): number {
  let end = from
  while (end > start && isBlank(bytes[end - 1])) end -= 1
  return end
}
