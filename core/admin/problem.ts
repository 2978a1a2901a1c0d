/** Errors of the admin API as problem details (RFC 9457): the only place that makes them. */

import { json } from './whole.ts'

/** The standard phrase of each status that the API answers with; it is the problem's title, as for `about:blank`. */
export const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  428: 'Precondition Required',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

/** One thing that is wrong, beyond `detail`: where, which key, which rule, which value. */
export interface Finding {
  readonly key: string
  readonly rule: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Listed as `problems`, an extension member (RFC 9457 3.2). */
  readonly problems?: readonly Finding[]
}

/** `detail` says what to do, for people. */
export function problem(
  status: keyof typeof titles,
  detail: string,
  { headers, problems }: ProblemOptions = {},
): Response {
  const body = { type: 'about:blank', title: titles[status], status, detail, ...(problems && { problems }) }
  return json(body, status, { 'content-type': 'application/problem+json', ...headers })
}

/** The first few in words, as a `detail`. `whole`: what a finding without a key is about. */
export const sentences = (problems: readonly Finding[], whole = ''): string =>
  problems
    .slice(0, 3)
    .map(({ key, rule, value }) => `${key || whole} ${rule}${value === undefined ? '' : `, got ${value}`}.`.trimStart())
    .join(' ') || 'That cannot be done.'
