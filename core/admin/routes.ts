/** The admin API, Request -> Response, callable without a socket: all its routes, and what holds for each of them. */
import type { Clock } from '../clock.ts'
import type { ReportFault } from '../net/event.ts'
import { VERSION } from '../version.ts'
import { type Access, type Need, refuseAccess } from './access.ts'
import { banRoutes } from './ban-routes.ts'
import { certificateRoutes } from './certificate-routes.ts'
import { clientRoutes } from './client-routes.ts'
import { controlRoutes } from './control-routes.ts'
import { deployRoutes } from './deploy-routes.ts'
import { explainRoutes } from './explain-routes.ts'
import { historyRoutes } from './history-routes.ts'
import { importRoutes } from './import-routes.ts'
import { openApiDocument } from './openapi.ts'
import { pageRoutes } from './page-routes.ts'
import { planRoutes } from './plan-routes.ts'
import { poolRoutes } from './pool-routes.ts'
import { previewRoutes } from './preview-routes.ts'
import { problem } from './problem.ts'
import { readRoutes } from './read-routes.ts'
import { referenceRoutes } from './reference-routes.ts'
import type { AdminRequest } from './request.ts'
import { type Call, findRoute, type Routes } from './route.ts'
import type { AdminSource } from './source.ts'
import { unknownPath } from './unknown.ts'
import { json } from './whole.ts'

export interface AdminOptions {
  /** Read for each request: it may change. */
  readonly access: () => Access
  readonly source: AdminSource
  /** Absent: a fault of the source is told to who asked alone. */
  readonly reportFault?: ReportFault
  /** Absent: there is nobody to let in between. */
  readonly soon?: Clock['soon']
}

const routes: Routes = {
  ...pageRoutes,
  ...readRoutes,
  ...controlRoutes,
  ...historyRoutes,
  ...poolRoutes,
  ...deployRoutes,
  ...previewRoutes,
  ...banRoutes,
  ...explainRoutes,
  ...certificateRoutes,
  ...clientRoutes,
  ...importRoutes,
  ...planRoutes,
  ...referenceRoutes,
  'GET /openapi.json': {
    summary: 'This document.',
    answer: () => json(openApiDocument(routes, VERSION)),
  },
}

/** `address`: the client's IP address; undefined: it came over a Unix socket. */
export type AdminHandler = (request: AdminRequest, address?: string) => Promise<Response>

/** Never rejects: a fault of the source is a 500. */
export function createAdminHandler(options: AdminOptions): AdminHandler {
  return async (request, address) => {
    const asked = {
      source: options.source,
      origin: originOf(request, address),
      turn: () => new Promise<void>(options.soon ?? queueMicrotask),
      refuse: (need: Need) => refuseAccess(request, options.access(), need),
    }
    const response = revalidate(
      request,
      await answer(request, asked).catch((error: unknown) => {
        options.reportFault?.(error)
        return problem(500, error instanceof Error ? error.message : String(error))
      }),
    )
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
    // Against a page that loads an answer as a script or an image, which sends no Origin.
    response.headers.set('cross-origin-resource-policy', 'same-origin')
    response.headers.set('x-content-type-options', 'nosniff')
    return request.method === 'HEAD' ? new Response(null, response) : response
  }
}

async function answer(request: AdminRequest, asked: Omit<Call, 'request' | 'params'>): Promise<Response> {
  const { path } = request
  const found = findRoute(routes, request.method, path)
  const refusal = asked.refuse(found.kind === 'route' ? found.need : 'read')
  if (refusal) return refusal
  if (found.kind === 'none') return unknownPath(routes, path)
  if (found.kind === 'wrong-method') {
    const { allow } = found
    return problem(405, `${path.slice(0, 200)} answers ${allow.replace(/, (?=[A-Z]+$)/, ' and ')}.`, {
      headers: { allow },
    })
  }
  return await found.route.answer({ ...asked, request, params: found.params })
}

/** RFC 9110 13.1.2: what the client has is what it would get. Weak tags count as well there. */
function revalidate(request: AdminRequest, response: Response): Response {
  const [known, etag] = [request.field('if-none-match'), response.headers.get('etag')]
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (known === undefined || etag === null || !isRead || response.status !== 200) return response
  const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (!tags.includes(etag) && !tags.includes('*')) return response
  const headers = [...response.headers].filter(([name]) => ofUnmodified.has(name))
  return new Response(null, { status: 304, headers })
}

/** RFC 9110 15.4.5: what is kept goes by these from then on. */
const ofUnmodified: ReadonlySet<string> = new Set(['cache-control', 'etag', 'vary'])

/** Our own programs name themselves, and browsers say that a page of ours asks; it is no proof, and needs none: the log says who claims what from where. */
function originOf(request: AdminRequest, address: string | undefined): string {
  const [, isOwn, part = 'cli'] = /^(smartedge)\/[\w.-]+(?: \((top)\))?/.exec(request.field('user-agent') ?? '') ?? []
  const other = request.field('sec-fetch-site') === 'same-origin' ? 'page' : 'api'
  return `${isOwn === undefined ? other : part} from ${address ?? 'a Unix socket'}`
}
