/** Fields that hold one text, number or truth value. */
import type { Node } from 'jsonc-parser'
import type { Setting } from '../setting.ts'
import { Secret } from '../../secrets.ts'
import type { Fault } from '../problems.ts'
import type { About, Field, JsonSchema } from './field.ts'
import type { Reading } from './reading.ts'
import { didYouMean } from '../../suggest.ts'
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from './units.ts'

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** Without a rule of its own the field's is meant. */
  | { readonly kind: 'fault'; readonly rule?: string; readonly hint?: string | undefined; readonly isLocal?: true }

export interface TextOptions<T> extends About {
  /** The type in words, for editors: `duration, 10ms to 24h`. */
  readonly title: string
  /** Completes "key …": `must be an address such as "0.0.0.0:8080"`. */
  readonly rule: string
  parse(text: string, reading: Reading): Parsed<T>
  /** What editors check; variables are let through. */
  readonly pattern?: string
  /** It reads as a `Secret`, and neither problems nor anything else shows it. */
  readonly isSecret?: true
  /** What to say to a value of another type. */
  hintFor?(value: unknown): string | undefined
}

/** As `parse`: takes a text as it is, where it is such a one. `pattern`: without `g` and `y`. */
export const matching =
  (pattern: RegExp) =>
  (text: string): Parsed<string> =>
    pattern.test(text) ? { kind: 'value', value: text } : { kind: 'fault' }

/** A text, variables expanded, and what `parse` makes of it. */
export function text(options: TextOptions<string> & { readonly isSecret: true }): Field<Secret | undefined>
export function text<T>(options: TextOptions<T> & { readonly isSecret?: never }): Field<T | undefined>
export function text<T>(options: TextOptions<T>): Field<T | Secret | undefined> {
  const { title, description, examples, rule, pattern, isSecret: secret = false } = options
  const schema: JsonSchema = { title, description, type: 'string', ...(pattern && { pattern: orVariable(pattern) }) }
  return {
    schema: { ...schema, ...(examples && { examples }), ...(secret && { writeOnly: true }) },
    isSecret: secret,
    read(node, reading) {
      if (node === undefined) return undefined
      const fail = (fault: Fault): undefined => reading.report(node, fault, { secret })
      if (node.type !== 'string') return fail({ rule, hint: options.hintFor?.(node.value) })
      const expanded = reading.expand(node)
      if (expanded.kind === 'fault') return fail(expanded)
      const parsed = options.parse(expanded.text, reading)
      if (parsed.kind === 'value') return secret ? new Secret(String(parsed.value)) : parsed.value
      // A hint repeats the text, and what a variable holds may be a secret.
      const hint = secret || expanded.text !== node.value ? undefined : parsed.hint
      return fail({ rule: parsed.rule ?? rule, hint, ...(parsed.isLocal && { isLocal: parsed.isLocal }) })
    },
  }
}

/** Variables are expanded after the editor has looked, so it must let them through. */
const orVariable = (pattern: string): string => `${pattern}|\\$\\{`

export interface ChoiceOptions extends About {
  /** Where other forms will do as well: completes "key …" for a name that is none of them. */
  readonly rule?: string
}

/** One of a few names. */
export function choice<const Name extends string>(
  names: readonly Name[],
  { rule, ...about }: ChoiceOptions,
): Field<Name | undefined> {
  const listed = names.map((name) => JSON.stringify(name)).join(', ')
  return text<Name>({
    ...about,
    title: `one of ${listed}`,
    examples: names,
    rule: rule ?? `must be one of ${listed}`,
    pattern: `^(${names.join('|')})$`,
    parse(typed) {
      const name = names.find((known) => known === typed)
      return name === undefined ? { kind: 'fault', hint: didYouMean(typed, names) } : { kind: 'value', value: name }
    },
  })
}

/** ms; the setting's value when absent. */
export const duration = <S extends Setting>(setting: S, about: About): Field<number | S['value']> =>
  quantity(setting, about, {
    noun: 'a duration',
    units: ['ms', 's'],
    pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
    parse: parseDurationMs,
    format: formatDuration,
  })

/** Bytes; the setting's value when absent. */
export const size = <S extends Setting>(setting: S, about: About): Field<number | S['value']> =>
  quantity(setting, about, {
    noun: 'a size',
    units: ['B', 'KiB'],
    pattern: '^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB)$',
    parse: parseSizeBytes,
    format: formatSize,
  })

interface Quantity {
  readonly noun: string
  /** Those to offer to who left the unit out. */
  readonly units: readonly [string, string]
  readonly pattern: string
  readonly parse: (text: string) => number | undefined
  readonly format: (value: number) => string
}

function quantity<S extends Setting>(
  setting: S,
  about: About,
  { noun, units, pattern, parse, format }: Quantity,
): Field<number | S['value']> {
  const { min, max, value } = setting
  const [example] = about.examples ?? []
  const sample = typeof example === 'string' ? example : format(value ?? max)
  const range = `${format(min)} to ${format(max)}`
  const fits = (parsed: number | undefined): parsed is number => parsed !== undefined && parsed >= min && parsed <= max
  const withUnit = (bare: string | number): string | undefined => {
    const meant = units.map((unit) => `${bare}${unit}`).filter((written) => fits(parse(written)))
    return meant.length === 0
      ? undefined
      : `did you mean ${meant.map((written) => JSON.stringify(written)).join(' or ')}?`
  }
  const field = text<number>({
    ...about,
    title: `${noun.replace(/^an? /, '')}, ${range}`,
    rule: `must be ${noun} from ${range} such as "${sample}"`,
    pattern,
    parse(written) {
      const parsed = parse(written)
      if (fits(parsed)) return { kind: 'value', value: parsed }
      return { kind: 'fault', hint: /^\d{1,9}$/.test(written) ? withUnit(written) : undefined }
    },
    hintFor: (other) => (typeof other === 'number' ? withUnit(other) : undefined),
  })
  return fallBack(field, setting, format)
}

export interface NumberOptions extends About {
  /** What to say to a value that is refused. */
  readonly hintFor?: (value: unknown) => string | undefined
}

/** A whole number in the setting's range; its value when absent. */
export const count = <S extends Setting>(setting: S, about: NumberOptions): Field<number | S['value']> =>
  numeric(setting, about, { type: 'integer', noun: 'a whole number', accepts: Number.isSafeInteger })

/** Any number in the setting's range; its value when absent. */
export const number = <S extends Setting>(setting: S, about: NumberOptions): Field<number | S['value']> =>
  numeric(setting, about, { type: 'number', noun: 'a number', accepts: Number.isFinite })

interface Numeric {
  readonly type: 'integer' | 'number'
  readonly noun: string
  readonly accepts: (value: unknown) => boolean
}

function numeric<S extends Setting>(
  setting: S,
  { hintFor, ...about }: NumberOptions,
  { type, noun, accepts }: Numeric,
): Field<number | S['value']> {
  const { min, max } = setting
  const isRight = (value: unknown): value is number =>
    typeof value === 'number' && accepts(value) && value >= min && value <= max
  const rule = `must be ${noun} from ${min} to ${max}`
  const title = `${noun.replace(/^an? /, '')}, ${min} to ${max}`
  const field = plain<number>({ title, ...about, type, minimum: min, maximum: max }, (node) => {
    const read: unknown = node.value
    return isRight(read) ? read : { rule, hint: hintFor?.(read) ?? unquoted(read, isRight) }
  })
  return fallBack(field, setting, (value) => value)
}

/** For a number that was written as a text. */
function unquoted(value: unknown, isRight: (value: unknown) => boolean): string | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : Number.NaN
  return isRight(number) ? `did you mean ${number}, without quotes?` : undefined
}

/** A field whose value needs no expansion: what `accept` returns, unless that is a fault. */
function plain<T extends number | boolean>(
  schema: JsonSchema,
  accept: (node: Node) => T | Fault,
): Field<T | undefined> {
  return {
    schema,
    read(node, reading) {
      if (node === undefined) return undefined
      const accepted = accept(node)
      if (typeof accepted !== 'object') return accepted
      reading.report(node, accepted)
      return undefined
    },
  }
}

/** True or false. */
export const flag = (about: About): Field<boolean | undefined> =>
  plain<boolean>({ title: 'true or false', ...about, type: 'boolean' }, (node) => {
    const read: unknown = node.value
    if (typeof read === 'boolean') return read
    const isQuoted = read === 'true' || read === 'false'
    return { rule: 'must be true or false', hint: isQuoted ? `did you mean ${read}, without quotes?` : undefined }
  })

/** Only `false`, to switch something off; `rule` completes "key …" for `true`. */
export const off = (about: About, rule: string): Field<false | undefined> =>
  plain<false>({ title: 'false', ...about, const: false }, (node) => (node.value === false ? false : { rule }))

function fallBack<S extends Setting>(
  field: Field<number | undefined>,
  { value }: S,
  show: (value: number) => unknown,
): Field<number | S['value']> {
  const schema = value === undefined ? field.schema : { ...field.schema, default: show(value) }
  return { schema, read: (node, reading) => field.read(node, reading) ?? value }
}
