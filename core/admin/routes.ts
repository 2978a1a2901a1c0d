/**
 * The admin API, Request -> Response, callable without a socket. The table is the list of what it serves; the OpenAPI
 * document is made from it. Read-only so far: GET and HEAD.
 */
import { refuseAccess } from './access.ts'
import { openApiDocument, type Operation } from './openapi.ts'
import { problem } from './problem.ts'
import { redactSecrets } from './redact.ts'
import type { AdminSource } from './source.ts'

interface Route extends Operation {
  answer(source: AdminSource, request: Request): Response
}

export interface AdminOptions {
  /** undefined: open to loopback Hosts. */
  readonly token: string | undefined
  readonly source: AdminSource
}

const json = (body: unknown, status = 200): Response =>
  new Response(`${JSON.stringify(body)}\n`, { status, headers: { 'content-type': 'application/json' } })

/** Prometheus reads the version from it. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

const routes: Readonly<Record<string, Route>> = {
  '/health': {
    summary: 'Whether the process answers at all; 200 as long as it does.',
    open: true,
    answer: () => json({ status: 'ok' }),
  },
  '/ready': {
    summary: 'Whether new traffic should be sent here: 200 when it should, 503 with the reason when not.',
    open: true,
    answer(source) {
      const readiness = source.ready()
      return readiness.kind === 'ready' ? json({ status: 'ready' }) : problem(503, readiness.reason)
    },
  },
  '/metrics': {
    summary: 'Metrics in the Prometheus text format.',
    contentType: metricsType,
    answer: (source) => new Response(source.metrics(), { headers: { 'content-type': metricsType } }),
  },
  '/api/status': {
    summary: 'Listeners, counters, pools and backends at this instant.',
    schema: 'StatusSnapshot',
    answer: (source) => json(source.status()),
  },
  '/api/events': {
    summary:
      'Server-sent events: hello, then a frame of rates and percentiles up to 4 times a second, and every event.',
    contentType: 'text/event-stream; charset=utf-8',
    answer: (source, request) => source.events(request),
  },
  '/api/config': {
    summary: 'The configuration in force, defaults filled in, durations in ms, sizes in bytes, secrets as ***.',
    answer: (source) => json(redactSecrets(source.config())),
  },
  '/openapi.json': {
    summary: 'This document.',
    answer: (source) => json(openApiDocument(routes, source.status().version)),
  },
}

/** Never throws and never rejects: a fault of the source is a 500. */
export function createAdminHandler({ token, source }: AdminOptions): (request: Request) => Response {
  return (request) => {
    const response = answer(request, token, source)
    response.headers.set('cache-control', 'no-store')
    // Against a page that loads an answer as a script or an image, which sends no Origin.
    response.headers.set('cross-origin-resource-policy', 'same-origin')
    response.headers.set('x-content-type-options', 'nosniff')
    return request.method === 'HEAD' ? new Response(null, response) : response
  }
}

function answer(request: Request, token: string | undefined, source: AdminSource): Response {
  const path = pathOf(request.url)
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  const refusal = route?.open ? undefined : refuseAccess(request, token)
  if (refusal) return refusal
  if (!route) return problem(404, `There is no ${path.slice(0, 200)} here; GET /openapi.json lists what is.`)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return problem(405, `${path} answers GET and HEAD.`, { allow: 'GET, HEAD' })
  try {
    return route.answer(source, request)
  } catch (error) {
    return problem(500, error instanceof Error ? error.message : String(error))
  }
}

/** A bare path comes from `Bun.serve` when the Host is missing or odd, and `new URL` would throw on it. */
const pathOf = (url: string): string => url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/'
