/** A request body against its schema: what is wrong with it, all at once, in the words that the config's reader uses. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import { parseBackendUrl } from '../config/network.ts'
import { type Fault, maxProblems } from '../config/problems.ts'
import type { JsonSchema } from '../config/read/field.ts'
import { formatKey } from '../config/read/reading.ts'
import { showText } from '../config/read/show.ts'
import { backendUrlTitle } from '../config/schema/member.ts'
import { didYouMean } from '../suggest.ts'
import type { Bodies, BodyName } from './body-schemas.ts'
import type { Finding } from './problem.ts'
import {
  addBackend,
  addClient,
  importCertificate,
  beginDeploy,
  importClient,
  putPlan,
  putPreview,
  updateBackend,
  updateClient,
  updatePool,
} from './generated/validate-bodies.generated.js'

const validators: { readonly [Name in BodyName]: ValidateFunction<Bodies[Name]> } = {
  addBackend,
  addClient,
  importCertificate,
  beginDeploy,
  importClient,
  putPlan,
  putPreview,
  updateBackend,
  updateClient,
  updatePool,
}

export type Checked<T> =
  | { readonly kind: 'body'; readonly value: T }
  /** At least one, and not more than anybody reads. The key is empty when the body as a whole is meant. */
  | { readonly kind: 'problems'; readonly problems: readonly Finding[] }

/** `value`: of JSON whose depth is bounded and which has no `__proto__`. Never throws. */
export function checkBody<Name extends BodyName>(name: Name, value: unknown): Checked<Bodies[Name]> {
  const validate = validators[name]
  if (validate(value)) return { kind: 'body', value }
  return {
    kind: 'problems',
    problems: withoutNoise(validate.errors ?? [])
      .slice(0, maxProblems)
      .map((error) => describe(error, value)),
  }
}

/**
 * The forms of an `anyOf` differ in type: what the one of the value's type says counts, and the others' wish for another
 * type does not. When there is none of its type, the `anyOf` speaks for all.
 */
function withoutNoise(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const [told, alternatives] = [errors.filter(isTold), errors.filter(({ keyword }) => keyword === 'anyOf')]
  const isUntold = ({ schemaPath }: ErrorObject) => !told.some((error) => error.schemaPath.startsWith(`${schemaPath}/`))
  return [...told, ...alternatives.filter(isUntold)]
}

const isTold = ({ keyword, schemaPath }: ErrorObject): boolean =>
  keyword !== 'anyOf' && !/\/anyOf\/\d+\/type$/.test(schemaPath)

function describe({ keyword, instancePath, params, parentSchema, data }: ErrorObject, body: unknown): Finding {
  const schema = (parentSchema ?? {}) as JsonSchema
  const path = stepsOf(instancePath, body)
  const known = Object.keys(schema.properties ?? {})
  switch (keyword) {
    case 'required':
      return { key: formatKey([...path, String(params['missingProperty'])]), rule: 'is required' }
    case 'additionalProperties': {
      const name = String(params['additionalProperty'])
      const hint = didYouMean(name, known) ?? `known here: ${known.join(', ')}`
      return { key: formatKey([...path, name]), rule: 'is not a known key', hint }
    }
    case 'minProperties':
      return { key: formatKey(path), rule: `must hold at least one of the keys ${known.join(', ')}` }
    default:
      return { key: formatKey(path), ...faultOf(data, schema), value: show(data) }
  }
}

/** `pointer`: into `body`, as RFC 6901 writes it. Places in lists are numbers. */
function stepsOf(pointer: string, body: unknown): readonly (string | number)[] {
  let at = body
  return pointer
    .split('/')
    .slice(1)
    .map((token) => {
      const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
      const step = Array.isArray(at) ? Number(name) : name
      at = (at as Record<string | number, unknown> | undefined)?.[step]
      return step
    })
}

function faultOf(data: unknown, schema: JsonSchema): Fault {
  const fault = { rule: ruleOf(schema), hint: hintFor(data, schema) }
  if (schema.title !== backendUrlTitle || typeof data !== 'string') return fault
  // As the config's reader has it: whoever leaves out `http://` is shown where it goes.
  const parsed = parseBackendUrl(data)
  return parsed.kind === 'fault' ? { rule: parsed.rule ?? fault.rule, hint: parsed.hint } : fault
}

/** The same whether its type, its range or its pattern is missed. */
export function ruleOf({
  type,
  title,
  enum: allowed,
  minimum,
  maximum,
  properties,
  examples = [],
}: JsonSchema): string {
  if (allowed !== undefined) return `must be ${allowed.map((value) => JSON.stringify(value)).join(' or ')}`
  if (properties !== undefined) return `must be an object with the keys ${Object.keys(properties).join(', ')}`
  if (type === 'number') return `must be a number from ${minimum} to ${maximum}`
  if (type === 'integer') return `must be a whole number from ${minimum} to ${maximum}`
  if (type === 'boolean') return 'must be true or false'
  const shown = examples.map((example) => JSON.stringify(example)).join(', ')
  return `must be a ${title}${shown && ` such as ${shown}`}`
}

/** The nearest name, where names are listed: the pattern of a strategy holds those of the shipped ones. */
function hintFor(data: unknown, { enum: allowed, pattern = '', examples = [] }: JsonSchema): string | undefined {
  if (typeof data !== 'string') return undefined
  const names = (allowed ?? examples.filter((example) => pattern.includes(String(example)))).map(String)
  return didYouMean(data, names)
}

function show(value: unknown): string {
  if (typeof value === 'string') return showText(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
