/** How long a preview is to be served: `2d`, `12h`, `30m`. Pure. */
import { parseDurationMs } from '../config/read/units.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Whoever needs one for longer has a route. */
const LONGEST_MS = 30 * DAY_MS

export const lifetimeRule = 'must be a time from 1m to 30d, such as 2d or 12h'

/** ms; undefined: it is no such time. */
export function readLifetime(text: string): number | undefined {
  const [, days] = /^(\d{1,3})d$/.exec(text) ?? []
  const ms = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS
  return ms !== undefined && ms >= MINUTE_MS && ms <= LONGEST_MS ? ms : undefined
}
