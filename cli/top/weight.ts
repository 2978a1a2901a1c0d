/** A weight as people type it. Pure. */
import { defaults } from '../../core/config/defaults.ts'

const { min, max } = defaults['pool.backend.weight']

/** Completes "A weight …". */
export const weightRule = `is a number from ${min} to ${max}, such as 2 or 0.5.`

/** What a weight may be, typed by a person; undefined: nothing of the kind. */
export function parseWeight(text: string): number | undefined {
  const weight = /^\d{1,6}(?:\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN
  return weight >= min && weight <= max ? weight : undefined
}
