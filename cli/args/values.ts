/** How option values and arguments are read: text -> value, or an error that names the rule. What was given is added to it. */
import { InvalidArgumentError } from 'commander'
import { defaults } from '../../core/config/defaults.ts'

/** Whole numbers; signs, fractions and what lies outside are refused. */
export const wholeNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= from && number <= to) return number
    throw new InvalidArgumentError(`must be a whole number from ${from} to ${to}`)
  }

/** 0 to 1. */
export function ratio(text: string): number {
  const number = decimal(text)
  if (number <= 1) return number
  throw new InvalidArgumentError('must be a number from 0 to 1, such as 0.1')
}

/** A backend's weight, in the range that its file has for it. */
export function backendWeight(text: string): number {
  const { min, max } = defaults['pool.backend.weight']
  const number = decimal(text)
  if (number >= min && number <= max) return number
  throw new InvalidArgumentError(`must be a number from ${min} to ${max}, such as 2 or 0.5`)
}

/** The tier of a backend, in the range that its file has for it. */
export const backendTier = wholeNumber(defaults['pool.backend.tier'].min, defaults['pool.backend.tier'].max)

/** How many, 1 to a thousand million. */
export function count(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number >= 1 && number <= 1e9) return number
  throw new InvalidArgumentError('must be a whole number from 1 to 1000000000')
}

/** A day, which begins in UTC, or a time; as RFC 3339 has it. */
export function instant(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
  if (/^\d{4}-\d\d-\d\dT/.test(time) && !Number.isNaN(Date.parse(time))) return time
  throw new InvalidArgumentError('must be a day or a time such as 2030-01-01 or 2030-01-01T12:00:00Z')
}

/** 0 and above; whoever uses it knows the range. */
export function number(text: string): number {
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0) return value
  throw new InvalidArgumentError('must be a number, such as 3 or 0.5')
}

const decimal = (text: string): number => (/^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN)

/** ms. `20ms` or `5ms..50ms`, units ms and s, at most an hour. */
export function latencyRange(text: string): { min: number; max: number } {
  const parts = text.split('..')
  const [min = Number.NaN, max = min] = parts.map(durationMs)
  if (parts.length <= 2 && min <= max && max <= 3_600_000) return { min, max }
  throw new InvalidArgumentError('must be a time such as 20ms or 1.5s, or a range such as 5ms..50ms')
}

function durationMs(text: string): number {
  const match = /^(\d{1,7}(?:\.\d{1,6})?)(ms|s)$/.exec(text)
  return match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : Number.NaN
}

/** Of responses: one, a class of them, or `none` for those that nobody waited for. */
export function statusClass(text: string): string {
  if (/^(?:[1-5]\d\d|[1-5]xx|none)$/.test(text)) return text
  throw new InvalidArgumentError('must be a status of 100 to 599, a class such as 5xx, or none')
}

/** A time as the admin API takes it. */
export function wholeDuration(text: string): string {
  if (/^\d{1,9}(?:ms|s|m|h)$/.test(text)) return text
  throw new InvalidArgumentError('must be a whole time such as 200ms or 2s')
}

/** An option that may come again: all that it was given, in order. */
export const gathered = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** An address of a command that asks one edge: the last of several would be taken in silence. */
export function onlyOne(value: string, before?: string): string {
  if (before === undefined) return value
  throw new InvalidArgumentError('is wanted once: only status and top take several')
}

/** Whatever JSON says. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('must be JSON, such as \'{ "decay": "10s" }\'')
  }
}
