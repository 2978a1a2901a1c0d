/** What `GET /api/reloads` and `GET /api/config/generations` tell, read without believing it. Pure. */
import { fieldsOf, listOf, numberOf, textOf } from './untyped.ts'

export interface Reload {
  /** Wall ms. */
  readonly at: number
  readonly ok: boolean
  readonly result: string
  readonly origin: string
  readonly generation: number
  readonly kept: readonly string[]
  readonly problems: readonly string[]
  readonly omitted: number
}

export interface InForce {
  readonly number: number
  readonly at: number
  readonly origin: string
  readonly summary: string
  readonly changes: readonly { readonly key: string; readonly text: string }[]
  readonly omitted: number
}

export const readReloads = (body: unknown): readonly Reload[] =>
  listOf(fieldsOf(body)['reloads']).map((value) => {
    const one = fieldsOf(value)
    return {
      at: Date.parse(textOf(one['at'])),
      ok: one['ok'] === true,
      result: textOf(one['result']),
      origin: textOf(one['origin']),
      generation: numberOf(one['generation']),
      kept: listOf(one['kept']).map(textOf),
      problems: listOf(one['problems']).map(textOf),
      omitted: numberOf(one['omitted']),
    }
  })

export const readGenerations = (body: unknown): readonly InForce[] =>
  listOf(fieldsOf(body)['generations']).map((value) => {
    const one = fieldsOf(value)
    return {
      number: numberOf(one['number']),
      at: Date.parse(textOf(one['at'])),
      origin: textOf(one['origin']),
      summary: textOf(one['summary']),
      changes: listOf(one['changes']).map((item) => {
        const { key, text } = fieldsOf(item)
        return { key: textOf(key), text: textOf(text) }
      }),
      omitted: numberOf(one['omitted']),
    }
  })
