/** The wait that a response asks for (RFC 9110 10.2.3): seconds, or a date. Pure. */
import { parseHttpDate } from './http-date.ts'

/** ms >= 0, perhaps Infinity; undefined for what is neither. `wallTime`: ms since 1970, for dates. */
export function parseRetryAfter(value: string, wallTime: number): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = parseHttpDate(value)
  return at === undefined ? undefined : Math.max(0, at - wallTime)
}
