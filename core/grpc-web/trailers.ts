/**
 * Trailers as gRPC-Web has them: a last frame in the body, of lines as in a head (PROTOCOL-WEB, "Message framing"). Browsers
 * show a script no others.
 */
import { markNames } from '../forward/forwarded-fields.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { grpcLines, type ToldOfCall } from '../http1/grpc.ts'
import { isTrailing } from '../http1/trailers.ts'

const TRAILERS = 0x80
const PREFIX_BYTES = 5
const STATUS_FIELDS = ['grpc-status', 'grpc-message', 'grpc-status-details-bin']
/** Of a head that is the whole response: what is said of its content, and not of the call. */
const HEAD_FIELDS = new Set(['grpc-encoding', 'grpc-accept-encoding', 'server', 'accept-encoding', 'accept-ranges'])

/** Without a status clients would take a call for one that went well. */
const NO_STATUS = 'grpc-status: 2\r\ngrpc-message: the backend told no status\r\n'

/** `lines`: with CRLF each, one character a byte. */
export function trailerFrame(lines: string): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + lines.length)
  frame[0] = TRAILERS
  frame.writeUInt32BE(lines.length, 1)
  frame.write(lines, PREFIX_BYTES, 'latin1')
  return frame
}

/** Of an answer of ours. */
export const problemFrame = (problem: ToldOfCall): Buffer => trailerFrame(grpcLines(problem))

/** Of a call whose response was followed by `trailers`; undefined: it was not. */
export function frameOfTrailers(trailers: FieldSection | undefined): Buffer {
  const hasStatus = trailers?.valueNamed('grpc-status') !== undefined
  const lines = trailers === undefined ? '' : linesOf(trailers, (index) => isTrailing(trailers, index))
  return trailerFrame(hasStatus ? lines : lines + NO_STATUS)
}

/** Of a call whose head is the whole response, and says what it has come to; that goes no further in it. undefined: it does not. */
export function takeTrailers(head: FieldSection): Buffer | undefined {
  if (head.valueNamed('grpc-status') === undefined) return undefined
  const frame = trailerFrame(linesOf(head, (index) => isTrailing(head, index) && !HEAD_FIELDS.has(nameOf(head, index))))
  markNames(head, STATUS_FIELDS)
  return frame
}

const nameOf = ({ bytes, starts, colons }: FieldSection, index: number): string =>
  bytes.toString('latin1', starts[index], colons[index]).toLowerCase()

function linesOf(fields: FieldSection, isWanted: (index: number) => boolean): string {
  let lines = ''
  for (let index = 0; index < fields.count; index += 1)
    if (isWanted(index)) lines += `${nameOf(fields, index)}: ${fields.value(index)}\r\n`
  return lines
}
