/**
 * Reads the answer to a health check up to the end of its head, with the codec that traffic uses: what would make a 502
 * there fails the check. Interim responses (1xx) are passed over; the body is not looked at. No sockets.
 */
import { ProtocolError } from '../errors.ts'
import { INCOMPLETE } from '../http1/field-section.ts'
import { HeadBuffer } from '../http1/head-buffer.ts'
import { type HttpLimits, MAX_INTERIMS } from '../http1/limits.ts'
import { ResponseHead } from '../http1/response-head.ts'

export interface Answer {
  readonly status: number
  /** As sent, fit for a log line: printable ASCII, others as `?`, 60 chars at most; often empty. */
  readonly reason: string
}

const MAX_REASON_CHARS = 60
/** "HTTP/1.1 200 " and what stands behind it. */
const REASON_START = 13

/** Takes the bytes of one connection piece by piece: undefined until the head is whole. Throws ProtocolError. */
export function createAnswerReader(limits: HttpLimits): (piece: Buffer) => Answer | undefined {
  const head = new ResponseHead(limits.maxFields)
  let collected: HeadBuffer | undefined
  let interims = 0
  return (piece) => {
    const bytes = collected === undefined ? piece : collected.push(piece, limits.maxHeadBytes)
    if (bytes === undefined) return undefined
    let position = 0
    while (position < bytes.length) {
      const end = head.parse(bytes, position, bytes.length, limits)
      if (end === INCOMPLETE) break
      if (isFinal(head.status)) return { status: head.status, reason: reasonOf(head) }
      interims += 1
      if (interims > MAX_INTERIMS) throw new ProtocolError(`more than ${MAX_INTERIMS} interim responses came`)
      position = end
    }
    collected = position < bytes.length ? new HeadBuffer(bytes, position) : undefined
    return undefined
  }
}

/** 101 ends HTTP on the connection, so nothing final can follow it (RFC 9110 15.2.2). */
const isFinal = (status: number): boolean => status >= 200 || status === 101

function reasonOf(head: ResponseHead): string {
  const end = Math.min(head.lineEnd - 2, head.start + REASON_START + MAX_REASON_CHARS)
  const reason = head.bytes.toString('latin1', Math.min(head.start + REASON_START, end), end)
  return reason.replace(/[^ -~]/g, '?').trim()
}
