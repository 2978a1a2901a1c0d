/** JSON Schemas of what stands in `core/report/reload-status.ts` for looking back: change both together, a test holds them to it. */
import { reloadLedger } from '../observe/counters.ts'

const count = { type: 'integer', minimum: 0 }
const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const texts = { type: 'array', items: text }

const object = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})

const listOf = (name: string, properties: Readonly<Record<string, object>>) =>
  object({ [name]: { type: 'array', items: object(properties) } })

export const historyAnswers = {
  Reloads: listOf('reloads', {
    at: time,
    ok: { type: 'boolean' },
    origin: text,
    problems: texts,
    result: { enum: Object.keys(reloadLedger.specs) },
    generation: count,
    kept: texts,
    omitted: count,
  }),
  Generations: listOf('generations', {
    number: count,
    at: time,
    origin: text,
    summary: text,
    changes: { type: 'array', items: object({ key: text, text }) },
    omitted: count,
  }),
} as const
