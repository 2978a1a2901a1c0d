/** What stands behind the question mark of a request: a table of parameters a route, for its reader and for its description. */
import type { JsonSchema } from '../config/read/field.ts'
import { showText } from '../config/read/show.ts'
import { didYouMean } from '../suggest.ts'
import { ruleOf } from './check-body.ts'
import { type Finding, problem, sentences } from './problem.ts'

/** By name; each a text with a pattern, a whole number with its range, or a truth value. */
export type QueryParameters = Readonly<Record<string, JsonSchema>>

export type Query =
  /** What was given, as text that its schema accepts. */
  | { readonly kind: 'query'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly response: Response }

/** A name that is not known, or stands there twice, is a mistake: an answer to another question would be taken for the one to this. */
export function readQuery(query: string | undefined, parameters: QueryParameters): Query {
  const values = new Map<string, string>()
  const problems: Finding[] = []
  for (const [name, value] of new URLSearchParams(query)) {
    const found = faultOf(name, value, parameters) ?? (values.has(name) ? twice(name) : undefined)
    if (found !== undefined) problems.push(found)
    else values.set(name, value)
  }
  if (problems.length === 0) return { kind: 'query', values }
  const told = problems.slice(0, maxTold)
  return { kind: 'refused', response: problem(400, sentences(told), { problems: told }) }
}

const maxTold = 8

const twice = (name: string): Finding => ({ key: `?${name}`, rule: 'must stand there once' })

function faultOf(name: string, value: string, parameters: QueryParameters): Finding | undefined {
  const schema = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (schema !== undefined)
    return isAllowed(value, schema) ? undefined : { key: `?${name}`, rule: ruleOf(schema), value: showText(value) }
  const known = Object.keys(parameters)
  const hint = didYouMean(name, known) ?? `known here: ${known.join(', ')}`
  return { key: showText(`?${name}`), rule: 'is not known', hint }
}

function isAllowed(value: string, { type, minimum = 0, maximum = Infinity, pattern = '' }: JsonSchema): boolean {
  if (type === 'boolean') return value === 'true' || value === 'false'
  if (type !== 'integer') return new RegExp(pattern, 'u').test(value)
  return /^\d{1,9}$/.test(value) && Number(value) >= minimum && Number(value) <= maximum
}
