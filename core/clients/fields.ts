/**
 * The rules for what clients and plans may hold, whatever they come from. The same for every kind of database, so that a
 * client moves from one to another unchanged. Pure.
 */
import type { FieldProblem } from './contract.ts'

/** What completes "key …", unless the value keeps the rule. */
type Rule = (value: unknown) => string | undefined

const rule =
  (says: string, holds: (value: unknown) => boolean): Rule =>
  (value) =>
    holds(value) ? undefined : says

const optional =
  (inner: Rule): Rule =>
  (value) =>
    value === undefined ? undefined : inner(value)

const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)

/** Characters as people count them. Half a character (a lone surrogate) can't be stored as UTF-8. */
const textOf =
  (min: number, max: number, forbidden: RegExp) =>
  (value: unknown): boolean => {
    if (typeof value !== 'string' || value.length > 2 * max || !value.isWellFormed() || forbidden.test(value))
      return false
    const { length } = Array.from(value)
    return length >= min && length <= max
  }

const whole = (min: number, max: number) => (value: unknown) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max

const control = /\p{Cc}|[\u2028\u2029]/u
const controlInNote = /[^\P{Cc}\t\n]/u

/** Second, minute, hour, day. */
const PERIODS: readonly unknown[] = [1000, 60_000, 3_600_000, 86_400_000]
const MOST = 1e9
/** The last instant that a Date can tell. */
const LAST_INSTANT = 8.64e15

const isCount = whole(1, MOST)

function isRate(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'count' in value && isCount(value.count) && 'perMs' in value && PERIODS.includes(value.perMs)
}

const identifier = rule(
  'must be 1 to 64 of A-Z a-z 0-9 . _ ~ -, the first a letter or digit',
  matches(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/),
)

const limitRules: Readonly<Record<string, Rule>> = {
  rate: optional(rule(`must be 1 to ${MOST} in a second, minute, hour or day`, isRate)),
  burst: optional(rule(`must be a whole number from 1 to ${MOST}`, isCount)),
}

const planRules: Readonly<Record<string, Rule>> = { name: identifier, ...limitRules }

const clientRules: Readonly<Record<string, Rule>> = {
  id: optional(identifier),
  name: rule('must be 1 to 200 characters, none of them a control character', textOf(1, 200, control)),
  plan: optional(identifier),
  ...limitRules,
  note: optional(
    rule(
      'must be up to 2000 characters, of control characters tabs and line feeds only',
      textOf(0, 2000, controlInNote),
    ),
  ),
  isEnabled: optional(rule('must be true or false', (value) => typeof value === 'boolean')),
  validUntil: optional(rule('must be an instant, in ms since 1970', whole(0, LAST_INSTANT))),
  keyHash: optional(rule('must be 64 lower-case hex digits', matches(/^[0-9a-f]{64}$/))),
  keyPrefix: optional(rule('must be "sek_" and 8 of A-Z a-z 0-9 _ -', matches(/^sek_[\w-]{8}$/))),
}

/** Whether a value, which may have come from a file, has fields to check. */
export const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with a client to be. An imported one has both its key's hash and prefix, or neither. */
export function checkClient(client: object): FieldProblem[] {
  const problems = check(clientRules, client)
  const hasHash = 'keyHash' in client && client.keyHash !== undefined
  const hasPrefix = 'keyPrefix' in client && client.keyPrefix !== undefined
  if (hasHash === hasPrefix) return problems
  const [missing, present] = hasHash ? ['keyPrefix', 'keyHash'] : ['keyHash', 'keyPrefix']
  return [...problems, { field: missing, message: `is required beside ${present}` }]
}

/** What is wrong with a plan to be. */
export const checkPlan = (plan: object): FieldProblem[] => check(planRules, plan)

function check(rules: Readonly<Record<string, Rule>>, values: object): FieldProblem[] {
  const given = new Map<string, unknown>(Object.entries(values))
  return Object.entries(rules).flatMap(([field, verdict]) => {
    const value = given.get(field)
    const broken = verdict(value)
    // A hash is no secret, and no use in a message either.
    return broken === undefined
      ? []
      : [{ field, message: field === 'keyHash' ? broken : `${broken}, got ${show(value)}` }]
  })
}

/** In one line and short, whatever it is. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
  const text = JSON.stringify(value.slice(0, 60)).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?')
  return value.length > 60 ? `${text}…` : text
}
