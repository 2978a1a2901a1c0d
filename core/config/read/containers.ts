/** Fields that hold other fields: objects with known keys, records of named things, lists, alternatives. */
import type { Node } from 'jsonc-parser'
import type { About, Field, JsonSchema, Value } from './field.ts'
import type { Reading } from './reading.ts'
import { otherName } from './other-names.ts'
import { showText } from './show.ts'
import { didYouMean } from '../../suggest.ts'

type Fields = Readonly<Record<string, Field<unknown>>>
type Values<F extends Fields> = { readonly [Key in keyof F]: Value<F[Key]> }

/** What people write here that is meant for another place, for the hint. */
export interface Misplaced {
  /** Such places in words, with the fields that they hold: `{ 'an item of "routes"': routes }`. */
  readonly homes: Fields
  /** Told of a list in place of the object. */
  readonly list?: string
}

/** Known keys only; absent: undefined. */
export function object<F extends Fields>(
  fields: F,
  about: About,
  misplaced: Misplaced = { homes: {} },
): Field<Values<F> | undefined> {
  const secret = holdSecrets(Object.values(fields))
  return {
    isSecret: secret,
    schema: { title: 'object', ...about, type: 'object', ...describeFields(fields), additionalProperties: false },
    read(node, reading) {
      if (node === undefined) return undefined
      if (node.type === 'object') {
        reportUnknown(fields, node, { misplaced, reading })
        return readFields(fields, node, reading)
      }
      const known = Object.keys(fields).filter((key) => key !== '$schema')
      const hint = node.type === 'array' ? misplaced.list : undefined
      return reading.report(node, { rule: `must be an object with the keys ${known.join(', ')}`, hint }, { secret })
    },
  }
}

/** Like `object`, and when absent as if it stood there empty: its fields' defaults. */
export function section<F extends Fields>(fields: F, about: About, misplaced?: Misplaced): Field<Values<F>> {
  const field = object(fields, about, misplaced)
  return { ...field, read: (node, reading) => field.read(node, reading) ?? readFields(fields, undefined, reading) }
}

/** Somebody may write the secret itself where the object, list or record around it belongs. */
const holdSecrets = (fields: readonly Field<unknown>[]): boolean => fields.some((field) => field.isSecret === true)

function describeFields(fields: Fields): JsonSchema {
  const names = Object.keys(fields)
  const required = names.filter((name) => fields[name]?.isRequired)
  const properties = Object.fromEntries(names.map((name) => [name, fields[name]?.schema ?? {}]))
  return required.length === 0 ? { properties } : { properties, required }
}

function readFields<F extends Fields>(fields: F, node: Node | undefined, reading: Reading): Values<F> {
  const present = entriesOf(node)
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = present.get(name)?.value
    if (value === undefined && field.isRequired && node !== undefined)
      reading.report(node, { rule: 'is required' }, { child: name })
    values[name] = field.read(value, reading)
  }
  return values as Values<F>
}

function reportUnknown(
  fields: Fields,
  node: Node,
  { misplaced, reading }: { readonly misplaced: Misplaced; readonly reading: Reading },
): void {
  const known = Object.keys(fields)
  for (const { name, key } of entriesOf(node).values())
    if (!Object.hasOwn(fields, name) && name !== '__proto__')
      reading.report(key, () => ({
        rule: 'is not a known key',
        hint:
          didYouMean(name, known) ??
          belongsInto(name, fields, misplaced) ??
          calledHere(name, known) ??
          `known here: ${known.join(', ')}`,
      }))
}

function calledHere(name: string, known: readonly string[]): string | undefined {
  const key = otherName(name, known)
  return key && `here that is ${JSON.stringify(key)}`
}

/** For a key that stands one level too high, `path` of a route's `match`, or beside where it belongs. */
function belongsInto(name: string, fields: Fields, misplaced: Misplaced): string | undefined {
  const below = Object.entries(fields).flatMap(([key, { schema }]) => homesOf(name, key, schema))
  const beside = Object.entries(misplaced.homes).filter(([home, { schema }]) => homesOf(name, home, schema).length > 0)
  const homes = [...below, ...beside.map(([home]) => home)]
  return homes.length === 0 ? undefined : `it belongs into ${homes.join(' or ')}`
}

function homesOf(name: string, key: string, schema: JsonSchema): string[] {
  const { properties, additionalProperties, items, anyOf = [] } = schema
  const has = (known: JsonSchema['properties']): boolean => known !== undefined && Object.hasOwn(known, name)
  if (has(properties)) return [`"${key}"`]
  if (additionalProperties && has(additionalProperties.properties)) return [`an entry of "${key}"`]
  if (items !== undefined) return homesOf(name, key, items).map(() => `an item of "${key}"`)
  return anyOf.flatMap((form) => homesOf(name, key, form))
}

interface Entry {
  readonly name: string
  readonly key: Node
  readonly value: Node
}

/**
 * The properties of an object by name, of a repeated one the last; none of anything else. Repeated keys and `__proto__`
 * were reported with the tree.
 */
function entriesOf(node: Node | undefined): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  if (node?.type !== 'object') return entries
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key === undefined || value === undefined) continue
    const name = String(key.value)
    entries.set(name, { name, key, value })
  }
  return entries
}

export interface Named<T> {
  readonly name: string
  readonly key: Node
  readonly value: T
}

export interface RecordOptions extends About {
  /** Completes "key …" for a key that `accepts` refuses. */
  readonly nameRule: string
  readonly namePattern: RegExp
  /** What one entry is called, for the rule on an empty record; without it an empty one is fine. */
  readonly noun?: string
}

/** Things under names that the user chooses, in file order; an entry that could not be read is left out. */
export function record<T>(item: Field<T | undefined>, options: RecordOptions): Field<readonly Named<T>[] | undefined> {
  const { nameRule, namePattern, noun, ...about } = options
  const schema: JsonSchema = {
    title: 'object of named entries',
    ...about,
    type: 'object',
    additionalProperties: item.schema,
  }
  const names = { propertyNames: { pattern: namePattern.source }, ...(noun !== undefined && { minProperties: 1 }) }
  const secret = holdSecrets([item])
  return {
    schema: { ...schema, ...names },
    isSecret: secret,
    read(node, reading) {
      if (node === undefined) return undefined
      if (node.type !== 'object')
        return reading.report(node, { rule: 'must be an object of named entries' }, { secret })
      const entries = [...entriesOf(node).values()]
      if (entries.length === 0 && noun !== undefined)
        reading.report(node, { rule: `must name at least one ${noun}`, hint: suchAs(about.examples) })
      return entries.flatMap(({ name, key, value: valueNode }) => {
        if (!namePattern.test(name)) reading.report(key, { rule: nameRule })
        const value = item.read(valueNode, reading)
        return value === undefined ? [] : [{ name, key, value }]
      })
    },
  }
}

const suchAs = ([example]: readonly unknown[] = []): string | undefined =>
  example === undefined ? undefined : `such as ${JSON.stringify(example)}`

export interface ListOptions extends About {
  /** Completes "key …" for a list without items; absent: it may be empty. */
  readonly ifEmpty?: string
}

/** In file order; an item that could not be read is left out. */
export function list<T>(
  item: Field<T | undefined>,
  { ifEmpty, ...about }: ListOptions,
): Field<readonly T[] | undefined> {
  const secret = holdSecrets([item])
  return {
    schema: { title: 'list', ...about, type: 'array', items: item.schema },
    isSecret: secret,
    read(node, reading) {
      if (node === undefined) return undefined
      if (node.type !== 'array')
        return reading.report(
          node,
          () => ({ rule: 'must be a list', hint: secret ? undefined : aloneInList(node, item.schema) }),
          { secret },
        )
      const items = node.children ?? []
      if (ifEmpty !== undefined && items.length === 0) reading.report(node, { rule: ifEmpty })
      return items.flatMap((child) => item.read(child, reading) ?? [])
    },
  }
}

/** For a text or number that stands in place of the list that it could be an item of. */
function aloneInList({ type, value }: Node, { type: wanted, pattern = '' }: JsonSchema): string | undefined {
  const isItem = type === 'string' ? wanted === 'string' && new RegExp(pattern).test(value) : wanted === 'integer'
  const shown = JSON.stringify(value)
  // What is not to be told, or not whole, is nothing to be copied.
  if (!isItem || (type === 'string' && showText(value) !== shown)) return undefined
  return type === 'string' || type === 'number' ? `did you mean [${shown}]?` : undefined
}

type JsonType = Node['type']

export interface EitherOptions extends About {
  /** Completes "key …" for a value of none of the types. */
  readonly rule: string
  readonly title: string
}

/** Several forms of one thing, told apart by their JSON type alone, so that a fault is always one form's fault. */
export function either<T>(
  forms: Readonly<Partial<Record<JsonType, Field<T | undefined>>>>,
  { rule, ...about }: EitherOptions,
): Field<T | undefined> {
  const secret = holdSecrets(Object.values(forms))
  return {
    schema: { ...about, anyOf: Object.values(forms).map((form) => form.schema) },
    isSecret: secret,
    read(node, reading) {
      if (node === undefined) return undefined
      const form = forms[node.type]
      if (form !== undefined) return form.read(node, reading)
      return reading.report(node, { rule }, { secret })
    },
  }
}
