/** How long a deploy waits, or tries its new members out: `2m`, `90s`. Pure. */
import { parseDurationMs } from '../config/read/units.ts'

const DAY_MS = 86_400_000

export const spanRule = 'must be a time from 1s to 24h, such as 90s or 2m'

/** ms; undefined: it is no such time. */
export function readSpan(text: string): number | undefined {
  const ms = parseDurationMs(text)
  return ms !== undefined && ms >= 1000 && ms <= DAY_MS ? ms : undefined
}
