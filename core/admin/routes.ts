/** The admin API, Request -> Response, callable without a socket: all its routes, and what holds for each of them. */
import { type Access, refuseAccess } from './access.ts'
import { controlRoutes } from './control-routes.ts'
import { openApiDocument } from './openapi.ts'
import { problem } from './problem.ts'
import { readRoutes } from './read-routes.ts'
import type { AdminRequest } from './request.ts'
import { type Call, findRoute, type Routes } from './route.ts'
import type { AdminSource } from './source.ts'
import { json } from './whole.ts'

export interface AdminOptions {
  /** Read for each request: it may change. */
  readonly access: () => Access
  readonly source: AdminSource
}

const routes: Routes = {
  ...readRoutes,
  ...controlRoutes,
  'GET /openapi.json': {
    summary: 'This document.',
    answer: ({ source }) => json(openApiDocument(routes, source.status().version)),
  },
}

/** `address`: the client's IP address; undefined: it came over a Unix socket. */
export type AdminHandler = (request: AdminRequest, address?: string) => Promise<Response>

/** Never rejects: a fault of the source is a 500. */
export function createAdminHandler(options: AdminOptions): AdminHandler {
  return async (request, address) => {
    const response = await answer(request, {
      source: options.source,
      origin: originOf(request, address),
      refuse: (need) => refuseAccess(request, options.access(), need),
    })
    response.headers.set('cache-control', 'no-store')
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
  if (found.kind === 'none')
    return problem(404, `There is no ${path.slice(0, 200)} here; GET /openapi.json lists what is.`)
  if (found.kind === 'wrong-method') {
    const { allow } = found
    return problem(405, `${path.slice(0, 200)} answers ${allow.replace(/, (?=[A-Z]+$)/, ' and ')}.`, {
      headers: { allow },
    })
  }
  try {
    return await found.route.answer({ ...asked, request, params: found.params })
  } catch (error) {
    return problem(500, error instanceof Error ? error.message : String(error))
  }
}

/** Our own command line names itself; it is no proof, and needs none: the log says who claims what from where. */
function originOf(request: AdminRequest, address: string | undefined): string {
  const client = request.field('user-agent')?.startsWith('smartedge/') ? 'cli' : 'api'
  return `${client} from ${address ?? 'a Unix socket'}`
}
