/**
 * A field: how one value of the config file is read, and what an editor is told about it. Both come from the same
 * definition, so that the schema cannot promise what the reader refuses. Fields are values; they hold no state.
 */
import type { Node } from 'jsonc-parser'
import type { Reading } from './reading.ts'

/** The part of JSON Schema 2020-12 in use. `title` is the type in words, with its range. */
export interface JsonSchema {
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null'
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  /** May be sent and is never told. */
  readonly writeOnly?: true
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | false
  readonly propertyNames?: JsonSchema
  readonly minProperties?: number
  readonly anyOf?: readonly JsonSchema[]
  /** What VS Code and its kin let pass in a `.json` file; at the root alone, and no part of the standard. */
  readonly allowComments?: true
  readonly allowTrailingCommas?: true
}

export interface Field<T> {
  readonly schema: JsonSchema
  /** Its absence is a problem; said by the object around it. */
  readonly isRequired?: boolean
  /** What stands there is never shown: it is secret, or something in it may be. */
  readonly isSecret?: boolean
  /** `node` undefined: the key is absent. Reports what is wrong, then returns what lets the reading go on. Never throws. */
  read(node: Node | undefined, reading: Reading): T
}

/** What a field reads. */
export type Value<F> = F extends Field<infer T> ? T : never

/** What people are told about a key. */
export interface About {
  readonly description: string
  readonly examples?: readonly unknown[]
}

/** `fallback` when absent (or already reported); `shown` is how it would stand in the file, where that is something else. */
export const orElse = <T>(field: Field<T | undefined>, fallback: T, shown: unknown = fallback): Field<T> => ({
  ...showDefault(field, shown),
  read: (node, reading) => field.read(node, reading) ?? fallback,
})

/** Tells editors of a default that is filled in elsewhere, where it depends on something else. */
export const showDefault = <T>(field: Field<T>, shown: unknown): Field<T> => ({
  ...field,
  schema: { ...field.schema, default: shown },
})

export const required = <T>(field: Field<T>): Field<T> => ({ ...field, isRequired: true })

/** Turns what was read into something else; `turn` may report more. Not called when there is nothing to turn. */
export function convert<T, U>(
  field: Field<T | undefined>,
  turn: (value: T, node: Node | undefined, reading: Reading) => U | undefined,
): Field<U | undefined> {
  return {
    ...field,
    read(node, reading) {
      const value = field.read(node, reading)
      return value === undefined ? undefined : turn(value, node, reading)
    },
  }
}

/** A value with the place it came from. */
export interface Located<T> {
  readonly value: T
  readonly node: Node
}

/** Keeps the place, for rules that look at several values. */
export const located = <T>(field: Field<T | undefined>): Field<Located<T> | undefined> =>
  convert(field, (value, node) => (node === undefined ? undefined : { value, node }))
