/**
 * The responses that SmartEdge itself gives: the only place where an error becomes one. Short, as problem details (RFC
 * 9457) for clients that accept JSON, as text for all others. Nothing of the request is echoed, but what a TRACE asks to see.
 */
import type { ProtocolError } from '../errors.ts'
import { grpcLines } from '../http1/grpc.ts'
import type { Wire } from '../net/wire.ts'
import type { Problem } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { RequestHandler } from './request-handler.ts'

export interface Respondent {
  /** Value of Accept; undefined when absent or unknown. */
  readonly accept: string | undefined
  readonly isHead: boolean
  readonly isOldClient: boolean
  readonly persists: boolean
}

/** A client of which nothing is known, since its head could not be read. */
export const STRANGER: Respondent = { accept: undefined, isHead: false, isOldClient: false, persists: false }

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
}

const LINE_END = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)

export function sendProblem(wire: Wire, problem: Problem, respondent: Respondent, dateLine: Buffer): void {
  const bytes = renderProblem(problem, respondent, dateLine)
  wire.write(bytes, 0, bytes.length)
}

/** Whose head is no request, or is not whole. */
export interface Refused {
  readonly handler: Pick<RequestHandler, 'onRefusal' | 'dateLine'>
  readonly peer: Peer
  readonly wire: Wire
}

/** Answers what is no request; whoever calls it ends the connection. */
export function refuseHead({ handler, peer, wire }: Refused, { status, message: detail }: ProtocolError): void {
  const problem = { status, detail }
  handler.onRefusal({ ...problem, peer, contentBytes: () => contentBytes(problem, STRANGER) })
  sendProblem(wire, problem, STRANGER, handler.dateLine())
}

/** The same for a gRPC client, which looks at nothing but the status of its call: a response that is its trailers alone. */
export function renderGrpcProblem(problem: Problem, dateLine: Buffer): Buffer {
  const fields = `HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n${grpcLines(problem)}${problem.lines ?? ''}`
  return Buffer.concat([Buffer.from(fields, 'latin1'), dateLine, LINE_END])
}

/** Bytes of its content, as the client gets it. */
export const contentBytes = (problem: Problem, respondent: Respondent): number =>
  respondent.isHead ? 0 : bodyOf(problem, titleOf(problem), respondent).body.length

/** The whole response. */
export function renderProblem(problem: Problem, respondent: Respondent, dateLine: Buffer): Buffer {
  const title = titleOf(problem)
  const { type, body } = bodyOf(problem, title, respondent)
  const lines = [`HTTP/1.1 ${problem.status} ${title}`]
  if (type !== undefined) lines.push(`Content-Type: ${type}`)
  // Not in a 204, which has no content whatever it says (RFC 9110 8.6).
  if (problem.status !== 204) lines.push(`Content-Length: ${body.length}`)
  lines.push('Cache-Control: no-store')
  if (problem.retryAfterSeconds !== undefined) lines.push(`Retry-After: ${problem.retryAfterSeconds}`)
  if (!respondent.persists) lines.push('Connection: close')
  else if (respondent.isOldClient) lines.push('Connection: keep-alive')
  const fields = Buffer.from(`${lines.join('\r\n')}\r\n${problem.lines ?? ''}`, 'latin1')
  return Buffer.concat([fields, dateLine, LINE_END, respondent.isHead ? NOTHING : body])
}

const titleOf = ({ status }: Problem): string => REASONS[status] ?? 'Error'

interface Body {
  readonly type: string | undefined
  readonly body: Buffer
}

function bodyOf({ status, detail, content }: Problem, title: string, { accept }: Respondent): Body {
  if (content !== undefined) return { type: content.type, body: Buffer.from(content.text, 'latin1') }
  if (acceptsJson(accept)) {
    const text = JSON.stringify({ type: 'about:blank', title, status, detail })
    return { type: 'application/problem+json', body: Buffer.from(`${text}\n`) }
  }
  return { type: 'text/plain; charset=utf-8', body: Buffer.from(`${status} ${title}: ${detail}\n`) }
}

/** A client that names a JSON type gets JSON; one that takes anything, as curl does, is most likely a person. */
const acceptsJson = (accept: string | undefined): boolean => accept !== undefined && /\bjson\b/i.test(accept)
