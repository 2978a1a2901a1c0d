/** The field block that a client gets: a response's own fields in lower case, minus what belongs to a hop, behind its status. */
import type { DateLine } from '../forward/date-line.ts'
import { dropTable, type DropTable, markNamedByConnection, markRepeats } from '../forward/forwarded-fields.ts'
import { COLON } from '../http1/grammar.ts'
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { BLOCK_OVERHEAD, emptySpan, FIELD_OVERHEAD, writeIndexed } from '../http2/hpack-encoder.ts'
import { type BlockTarget, writeField } from '../http2/trailer-block.ts'

const DROPS = dropTable()
/** 1xx and 204 may say nothing of a length (RFC 9110 8.6). */
const BODILESS_DROPS = dropTable(kind.CONTENT_LENGTH)
/** What the answer to a WebSocket's handshake says for HTTP/1 alone (RFC 8441 5). */
const ACCEPT_NAME = Buffer.from('sec-websocket-accept')

/** Statuses that are an index of the static table (RFC 7541 A). */
const STATUS_INDEX: ReadonlyMap<number, number> = new Map([
  [200, 8],
  [204, 9],
  [206, 10],
  [304, 11],
  [400, 12],
  [404, 13],
  [500, 14],
])
const STATUS_NAME = Buffer.from(':status')
const span = emptySpan()
const OWN_BYTES = 128

/** Writes the block of `head`; of a 101 the answer to an extended CONNECT (RFC 8441 5). Spoils it for other use. */
export function writeResponseBlock(
  target: BlockTarget,
  streamId: number,
  head: ResponseHead,
  dateLine: DateLine,
): void {
  const { frames, settings } = target
  const { fields } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  if (fields.contentLength !== -1) markRepeats(fields, kind.CONTENT_LENGTH)
  const isTunnel = head.status === 101
  if (isTunnel) markAccept(fields)
  const status = isTunnel ? 200 : head.status
  const start = frames.beginBlock(roomFor(fields) + head.added.length + OWN_BYTES)
  let end = writeStatus(target, start, status)
  end = writeFields(target, end, fields, isTunnel || status < 200 || status === 204 ? BODILESS_DROPS : DROPS)
  if (head.added !== '') end = writeLines(target, end, Buffer.from(head.added, 'latin1'))
  if (status >= 200 && !fields.has(kind.DATE)) end = writeLines(target, end, dateLine())
  frames.endBlock(streamId, end, settings.maxFrameBytes)
}

function markAccept(fields: FieldSection): void {
  const accept = fields.lineNamed(ACCEPT_NAME, 0)
  if (accept >= 0) fields.kinds[accept] = kind.CONNECTION
}

const roomFor = (fields: FieldSection): number =>
  fields.end - fields.start + fields.count * FIELD_OVERHEAD + BLOCK_OVERHEAD

function writeStatus({ frames, encoder }: BlockTarget, at: number, status: number): number {
  const out = frames.bytes
  const start = encoder.begin(out, at)
  const index = STATUS_INDEX.get(status)
  if (index !== undefined) return writeIndexed(out, start, index)
  span.names = STATUS_NAME
  span.nameStart = 0
  span.nameEnd = STATUS_NAME.length
  span.bytes = Buffer.from(String(status), 'latin1')
  span.valueStart = 0
  span.valueEnd = span.bytes.length
  return encoder.write(out, start, span)
}

function writeFields(target: BlockTarget, at: number, fields: FieldSection, drops: DropTable): number {
  let end = at
  for (let index = 0; index < fields.count; index += 1)
    if (drops[fields.kinds[index] as number] === 0) end = writeField(target, end, fields, index)
  return end
}

/** Lines of ours, each `Name: value` with CRLF. */
function writeLines({ frames, encoder }: BlockTarget, at: number, lines: Buffer): number {
  let end = at
  for (let start = 0; start < lines.length;) {
    const stop = lines.indexOf('\r\n', start, 'latin1')
    const colon = lines.indexOf(COLON, start)
    if (stop < 0 || colon < 0 || colon > stop) return end
    span.names = lines
    span.bytes = lines
    span.nameStart = start
    span.nameEnd = colon
    span.valueStart = Math.min(stop, lines[colon + 1] === 0x20 ? colon + 2 : colon + 1)
    span.valueEnd = stop
    end = encoder.write(frames.bytes, end, span)
    start = stop + 2
  }
  return end
}
