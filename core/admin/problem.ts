/** Errors of the admin API as problem details (RFC 9457): the only place that makes them. */

/** The standard phrase of each status that the API answers with; it is the problem's title, as for `about:blank`. */
const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

/** `detail` says what to do, for people. */
export function problem(status: keyof typeof titles, detail: string, headers?: Record<string, string>): Response {
  const body = { type: 'about:blank', title: titles[status], status, detail }
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
