/** The OpenAPI 3.1 document of the admin API, made from its table of routes. */
import type { JsonSchema } from '../config/read/field.ts'
import type { Need } from './access.ts'
import { certificateAnswers } from './certificate-schemas.ts'
import { clientAnswers } from './client-schemas.ts'
import { deployAnswers } from './deploy-schemas.ts'
import { explainSchema } from './explain-schema.ts'
import { historyAnswers } from './history-schemas.ts'
import type { QueryParameters } from './query.ts'
import { previewAnswers } from './preview-schemas.ts'
import { statusSchema } from './status-schema.ts'

/** What a route tells of itself. */
export interface Operation {
  readonly summary: string
  /** What it asks of whoever asks for it; none: `read` for GET, `change` for everything else. */
  readonly need?: Need
  /** Name of the answer's schema in `components`; none: any JSON. */
  readonly schema?: keyof typeof answerSchemas
  /** Of the answer; none: `application/json`. */
  readonly contentType?: string
  /** Status of the answer that everybody hopes for; none: 200. */
  readonly status?: 201 | 202
  /** 'told': with an ETag, for If-None-Match. 'heeded': If-Match says as what that was seen which changes; 'required': it must. */
  readonly tag?: 'told' | 'heeded' | 'required'
  /** What may stand behind the question mark; none: it is not looked at. */
  readonly query?: QueryParameters
  /** What to send; none: nothing is read. */
  readonly body?: RequestBody
}

const answerSchemas = {
  StatusSnapshot: statusSchema,
  Explanations: explainSchema,
  ...certificateAnswers,
  ...clientAnswers,
  ...historyAnswers,
  ...deployAnswers,
  ...previewAnswers,
} as const

export interface RequestBody {
  /** In words, for people. */
  readonly description: string
  /** None: whatever it is, it is not looked at. */
  readonly schema?: JsonSchema
  /** Absent: JSON. */
  readonly contentTypes?: readonly string[]
  readonly isRequired?: boolean
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        required: ['key', 'rule'],
        properties: Object.fromEntries(
          ['key', 'rule', 'value', 'hint', 'file'].map((name) => [name, { type: 'string' }]),
        ),
      },
    },
  },
}

const tokenDescription =
  'The config’s admin.token. Without one, the token that the process has made and keeps in a file for its user; ' +
  'it is needed for changes alone, and with admin.open for nothing.'

/** `key`: `METHOD /path`. */
export const needOf = (key: string, { need }: Operation): Need => need ?? (key.startsWith('GET ') ? 'read' : 'change')

/** A plain JSON value. `routes` by `METHOD /path/:param`. */
export function openApiDocument(routes: Readonly<Record<string, Operation>>, version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'SmartEdge admin API', version },
    tags: groups.map(([name]) => ({ name })),
    paths: describePaths(routes),
    components: {
      schemas: { Problem: problemSchema, ...answerSchemas },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: tokenDescription } },
    },
  }
}

function describePaths(routes: Readonly<Record<string, Operation>>): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [key, route] of Object.entries(routes)) {
    const [method = '', template = ''] = key.split(' ')
    const path = template.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(key, route) }
  }
  return paths
}

function operation(key: string, route: Operation): object {
  const mediaType = (route.contentType ?? 'application/json').split(';', 1)[0] ?? ''
  const schema = route.schema ? { $ref: `#/components/schemas/${route.schema}` } : {}
  return {
    tags: [groupOf(key)],
    operationId: key
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, ' ')
      .trim()
      .replaceAll(' ', '-'),
    summary: route.summary,
    parameters: [
      ...[...key.matchAll(/:(\w+)/g)].map(([, name = '']) => parameter(name, 'path', true)),
      ...Object.entries(route.query ?? {}).map(([name, schema]) => ({ ...parameter(name, 'query', false), schema })),
      ...tagParameters(route.tag),
    ],
    ...(route.body && { requestBody: requestBody(route.body) }),
    // An empty requirement beside the token: it is asked for only when the config sets one (OpenAPI 3.1, 4.8.30).
    security: { public: [], read: [{ token: [] }, {}], change: [{ token: [] }] }[needOf(key, route)],
    responses: {
      [route.status ?? 200]: { description: 'As asked.', ...headersOf(route), content: { [mediaType]: { schema } } },
      ...(route.tag === 'told' && { 304: { description: 'It is as that tag says.', ...headersOf(route) } }),
      default: {
        description: 'Why not, as problem details (RFC 9457).',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** By what the page groups them: what a path begins with. */
const groups: readonly (readonly [group: string, beginning: RegExp])[] = [
  ['pools', /^\w+ \/api\/pools\b/],
  ['clients', /^\w+ \/api\/clients\b/],
  ['plans', /^\w+ \/api\/plans\b/],
  ['certificates', /^\w+ \/api\/certificates\b/],
  ['configuration', /^\w+ \/api\/(?:config|reloads?|rollback)\b/],
  ['process', /^/],
]

const groupOf = (key: string): string => groups.find(([, beginning]) => beginning.test(key))?.[0] ?? 'process'

const text = { type: 'string' } as const

const parameter = (name: string, place: 'path' | 'query' | 'header', required: boolean): object => ({
  name,
  in: place,
  required,
  schema: text,
})

const tagParameters = (tag: Operation['tag']): readonly object[] =>
  tag === undefined ? [] : [parameter(tag === 'told' ? 'If-None-Match' : 'If-Match', 'header', tag === 'required')]

function headersOf({ tag, status }: Operation): object {
  const names = [...(tag === undefined ? [] : ['ETag']), ...(status === 201 ? ['Location'] : [])]
  return names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, { schema: text }])) }
}

const requestBody = ({
  description,
  schema = {},
  contentTypes = ['application/json'],
  isRequired = false,
}: RequestBody) => ({
  description,
  required: isRequired,
  content: Object.fromEntries(contentTypes.map((type) => [type, { schema }])),
})
