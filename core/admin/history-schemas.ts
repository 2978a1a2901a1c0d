/** JSON Schemas of what stands in `core/report/reload-status.ts` for looking back: change both together, a test holds them to it. */
import { reloadLedger } from '../observe/counters.ts'
import { count, list, object, text, time, truth } from './answer-schema.ts'

const listOf = (name: string, properties: Readonly<Record<string, object>>) =>
  object({ [name]: list(object(properties)) })

export const historyAnswers = {
  Reloads: listOf('reloads', {
    at: time,
    ok: truth,
    origin: text,
    problems: list(text),
    result: { enum: Object.keys(reloadLedger.specs) },
    generation: count,
    kept: list(text),
    omitted: count,
  }),
  Generations: listOf('generations', {
    number: count,
    at: time,
    origin: text,
    summary: text,
    changes: list(object({ key: text, text })),
    omitted: count,
  }),
} as const
