/** The OpenAPI 3.1 document of the admin API, made from its table of routes. */
import { statusSchema } from './status-schema.ts'

/** What a route tells of itself. */
export interface Operation {
  readonly summary: string
  /** Served without a token and to any Host: says nothing that needs guarding. */
  readonly open?: boolean
  /** Name of the answer's schema in `components`; none: any JSON. */
  readonly schema?: 'StatusSnapshot'
  /** Of the answer; none: `application/json`. */
  readonly contentType?: string
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  },
}

/** A plain JSON value. */
export function openApiDocument(routes: Readonly<Record<string, Operation>>, version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'SmartEdge admin API', version },
    paths: Object.fromEntries(Object.entries(routes).map(([path, route]) => [path, { get: operation(path, route) }])),
    components: {
      schemas: { Problem: problemSchema, StatusSnapshot: statusSchema },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operation(path: string, route: Operation): object {
  const mediaType = (route.contentType ?? 'application/json').split(';', 1)[0] ?? ''
  const schema = route.schema ? { $ref: `#/components/schemas/${route.schema}` } : {}
  return {
    operationId: path
      .replaceAll(/[^a-z]+/g, ' ')
      .trim()
      .replaceAll(' ', '-'),
    summary: route.summary,
    // An empty requirement beside the token: it is asked for only when the config sets one (OpenAPI 3.1, 4.8.30).
    security: route.open ? [] : [{ token: [] }, {}],
    responses: {
      200: { description: 'As asked.', content: { [mediaType]: { schema } } },
      default: {
        description: 'Why not, as problem details (RFC 9457).',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}
