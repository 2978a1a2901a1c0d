/**
 * Clients and plans as the admin API takes and tells them, as JSON Schemas. What a database must hold to is checked again
 * in `core/clients`, whoever asks.
 */
import type { JsonSchema } from '../config/read/field.ts'
import { count, list, nullOr, object, text, time, truth } from './answer-schema.ts'

const nothing: JsonSchema = { title: 'null', type: 'null' }

/** The same, or null, which is what it is when it is absent. */
export const orNull = (schema: JsonSchema): JsonSchema => ({
  title: `${schema.title} or null`,
  description: schema.description ?? '',
  examples: schema.examples ?? [],
  anyOf: [schema, nothing],
})

const name = (description: string, example: string): JsonSchema => ({
  title: 'name of up to 64 letters, digits and . _ ~ -, which begins with a letter or digit',
  description,
  examples: [example],
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$',
})

const rate: JsonSchema = {
  title: 'rate',
  description: 'Requests a second, minute, hour or day, up to 1000000000.',
  examples: ['100/s', '1000/h'],
  type: 'string',
  pattern: '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$',
}

const burst: JsonSchema = {
  title: 'whole number from 1 to 1000000000',
  description: 'How many requests at once; none: what the rate grants in a second.',
  examples: [200],
  type: 'integer',
  minimum: 1,
  maximum: 1_000_000_000,
}

const instant: JsonSchema = {
  title: 'time',
  description: 'From then on the key counts no more; none: for good.',
  examples: ['2030-01-01T00:00:00Z'],
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)$',
}

const limits = { rate: orNull(rate), burst: orNull(burst) }

/** What may be changed. */
const fields: Readonly<Record<string, JsonSchema>> = {
  name: {
    title: 'text of 1 to 200 characters without control characters',
    description: 'For people.',
    examples: ['Acme Ltd'],
    type: 'string',
    pattern: '^[^\\p{Cc}\\u2028\\u2029]{1,200}$',
  },
  plan: orNull(name('A plan that there is, whose limits hold where the client has none of its own.', 'gold')),
  ...limits,
  note: {
    title: 'text of up to 2000 characters, of control characters tabs and line feeds only',
    description: 'For people.',
    examples: ['renews in May'],
    type: 'string',
    pattern: '^(?:[^\\p{Cc}]|[\\t\\n]){0,2000}$',
  },
  enabled: { title: 'true or false', description: 'Whether the key counts.', type: 'boolean' },
  validUntil: orNull(instant),
}

const added = { id: name('What it is called in paths; none: one is made.', 'acme'), ...fields }

const addClient: JsonSchema = {
  title: 'object',
  description: 'A client. Its key is made here, and told in the answer alone.',
  examples: [
    { name: 'Acme Ltd', plan: 'gold' },
    { name: 'Acme Ltd', id: 'acme', rate: '100/s', burst: 200 },
  ],
  type: 'object',
  properties: added,
  required: ['name'],
  additionalProperties: false,
}

/** Bodies, by the names that `body-schemas.ts` lists. */
export const clientBodies = {
  addClient,
  importClient: {
    ...addClient,
    description: 'One of them. With hash and prefix it keeps the key that it has; without, one is made.',
    properties: {
      ...added,
      keyHash: { title: 'SHA-256 in 64 hex digits', type: 'string', pattern: '^[0-9a-f]{64}$' },
      keyPrefix: { title: 'text such as "sek_" and 8 characters', type: 'string', pattern: '^sek_[\\w-]{8}$' },
    },
  },
  updateClient: {
    title: 'object',
    description: 'What changes of a client; at least one of the keys. null takes away.',
    examples: [{ rate: '50/s' }, { enabled: false }, { plan: null }],
    type: 'object',
    properties: fields,
    additionalProperties: false,
    minProperties: 1,
  },
  putPlan: {
    title: 'object',
    description: 'The limits of a plan, all of them: what is absent is none.',
    examples: [{ rate: '1000/m', burst: 100 }, {}],
    type: 'object',
    properties: limits,
    additionalProperties: false,
  },
} as const satisfies Readonly<Record<string, JsonSchema>>

export interface LimitsBody {
  readonly rate?: string | null
  readonly burst?: number | null
}

export interface UpdateClientBody extends LimitsBody {
  readonly name?: string
  readonly plan?: string | null
  readonly note?: string
  readonly enabled?: boolean
  readonly validUntil?: string | null
}

export interface AddClientBody extends UpdateClientBody {
  readonly id?: string
  readonly name: string
}

export interface ImportClientBody extends AddClientBody {
  readonly keyHash?: string
  readonly keyPrefix?: string
}

/** How clients are asked for. */
export const listParameters: Readonly<Record<string, JsonSchema>> = {
  after: { ...name('Those behind this id: `next` of the page before.', 'acme') },
  limit: {
    title: 'whole number',
    description: 'How many at most.',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 100,
  },
  plan: name('Those of this plan.', 'gold'),
  enabled: { title: 'true or false', description: 'Those whose key counts, or those whose does not.', type: 'boolean' },
  search: {
    title: 'text of up to 200 characters',
    description: 'Those with this in the id, the name or the note, in whatever case.',
    type: 'string',
    pattern: '^.{0,200}$',
  },
}

export const importParameters: Readonly<Record<string, JsonSchema>> = {
  replace: {
    title: 'true or false',
    description: 'Whether a client that there is already is replaced; else it is a problem.',
    type: 'boolean',
    default: false,
  },
}

const toldLimits = { rate: nullOr(text), burst: nullOr(count) }
const revision = { revision: count, createdAt: time, updatedAt: time }
/** Of reads: what was changed is as the database has it. */
const store = object({ state: { enum: ['up', 'away'] }, ageMs: count, reason: nullOr(text) })

const client = {
  id: text,
  name: text,
  plan: nullOr(text),
  ...toldLimits,
  note: text,
  enabled: truth,
  validUntil: nullOr(time),
  keyPrefix: text,
  limit: object(toldLimits),
  ...revision,
}

const plan = { name: text, ...toldLimits, ...revision }

/** What is told, by the names that `components` of the description has for it: change it together with `client-view.ts`. */
export const clientAnswers = {
  Client: { ...object(client), properties: { ...client, store } },
  ClientWithKey: object({ ...client, key: text }),
  ClientPage: object({ clients: list(object(client)), total: count, next: nullOr(text), store }),
  Plan: { ...object(plan), properties: { ...plan, store } },
  PlanList: object({ plans: list(object(plan)), store }),
  Imported: object({
    added: count,
    replaced: count,
    keys: list(object({ id: text, key: text })),
  }),
} as const
