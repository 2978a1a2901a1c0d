/** Calls of gRPC-Web: told from other requests by their type, and their head as gRPC has it (PROTOCOL-WEB). */
import { copyLines, dropTable, markLine, markNamedByConnection } from '../forward/forwarded-fields.ts'
import * as kind from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'

/** Bodies in bytes, or in base64. */
export type WebForm = 'binary' | 'text'

export interface WebCall {
  /** Of the request, and of the response that is asked for. */
  readonly request: WebForm
  readonly response: WebForm
  /** What the messages are, `+proto`; '' when it is not said. */
  readonly suffix: string
}

const TYPE = /^application\/grpc-web(-text)?(\+[!#$%&'*+.^_`|~\dA-Za-z-]{1,64})?[ \t]*(?:$|;)/i
const CONTENT_TYPE = Buffer.from('content-type')
const TE = Buffer.from('TE: trailers\r\n')
const CHUNKED = Buffer.from('Transfer-Encoding: chunked\r\n')
const LINE_END = Buffer.from('\r\n')
const DROPS = dropTable()
const TEXT_DROPS = dropTable(kind.CONTENT_LENGTH)

/** undefined: it is none. */
export function webCallOf(head: RequestHead): WebCall | undefined {
  const { fields } = head
  // One more line must have room; and the response to some other methods has no body, which trailers would need.
  if (fields.count >= fields.starts.length || head.method !== 'POST') return undefined
  const [type, text, suffix = ''] = TYPE.exec(fields.valueNamed('content-type') ?? '') ?? []
  if (type === undefined) return undefined
  const request = text === undefined ? 'binary' : 'text'
  return { request, response: responseForm(fields.valueNamed('accept')) ?? request, suffix }
}

/** Clients may ask for the other form; most say nothing, or what browsers say of themselves. */
function responseForm(accept: string | undefined): WebForm | undefined {
  if (accept === undefined || !/application\/grpc-web/i.test(accept)) return undefined
  return /application\/grpc-web-text/i.test(accept) ? 'text' : 'binary'
}

/** The head of the call as a client of gRPC would have sent it. Spoils `head` for other use. */
export function grpcHeadOf(head: RequestHead, { request, suffix }: WebCall): Buffer {
  const { fields } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  const hasBody = fields.isChunked || fields.contentLength > 0
  for (let at = fields.lineNamed(CONTENT_TYPE, 0); at >= 0; at = fields.lineNamed(CONTENT_TYPE, at + 1))
    markLine(fields, at)
  const type = `Content-Type: application/grpc${suffix}\r\n`
  const out = Buffer.allocUnsafe(fields.end - head.start + type.length + TE.length + CHUNKED.length)
  let end = copyLines(out, 0, fields, head.start, request === 'text' ? TEXT_DROPS : DROPS)
  // The minor version: HTTP/1.0 knows no chunks.
  out[head.lineEnd - head.start - 3] = 0x31
  end += out.write(type, end, 'latin1')
  end += TE.copy(out, end)
  if (hasBody && (fields.isChunked || request === 'text')) end += CHUNKED.copy(out, end)
  end += LINE_END.copy(out, end)
  return out.subarray(0, end)
}
