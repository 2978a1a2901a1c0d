/**
 * The responses that SmartEdge itself gives: the only place where an error becomes one. Short, as problem details (RFC
 * 9457) for who accepts JSON, as text for all others. Nothing of the request is echoed.
 */
import type { Wire } from '../net/wire.ts'
import type { Problem } from '../stream/client-stream.ts'

export interface Respondent {
  /** Value of Accept; undefined when absent or unknown. */
  readonly accept: string | undefined
  readonly isHead: boolean
  readonly isOldClient: boolean
  readonly persists: boolean
}

/** Who broke the rules so early that nothing of it is known. */
export const STRANGER: Respondent = { accept: undefined, isHead: false, isOldClient: false, persists: false }

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

export function sendProblem(wire: Wire, problem: Problem, respondent: Respondent): void {
  const bytes = Buffer.from(renderProblem(problem, respondent), 'utf8')
  wire.write(bytes, 0, bytes.length)
}

/** The whole response as text; its characters are ASCII unless `detail` holds others. */
export function renderProblem(problem: Problem, respondent: Respondent): string {
  const title = REASONS[problem.status] ?? 'Error'
  const isJson = acceptsJson(respondent.accept)
  const body = isJson
    ? `${JSON.stringify({ type: 'about:blank', title, status: problem.status, detail: problem.detail })}\n`
    : `${problem.status} ${title}: ${problem.detail}\n`
  const lines = [
    `HTTP/1.1 ${problem.status} ${title}`,
    `Content-Type: ${isJson ? 'application/problem+json' : 'text/plain; charset=utf-8'}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
  ]
  if (problem.retryAfterSeconds !== undefined) lines.push(`Retry-After: ${problem.retryAfterSeconds}`)
  if (!respondent.persists) lines.push('Connection: close')
  else if (respondent.isOldClient) lines.push('Connection: keep-alive')
  return `${lines.join('\r\n')}\r\n\r\n${respondent.isHead ? '' : body}`
}

/** A client that names a JSON type gets JSON; one that takes anything, as curl does, is most likely a person. */
const acceptsJson = (accept: string | undefined): boolean => accept !== undefined && /\bjson\b/i.test(accept)
