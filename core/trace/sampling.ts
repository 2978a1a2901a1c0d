/**
 * Which traces are recorded, by their ids alone, so that whoever samples the same part takes the same ones: the last 56 bits are a
 * random number, and those from a threshold on are taken (W3C Trace Context level 2; OpenTelemetry's consistent sampling).
 */

const BITS = 56
const DIGITS = BITS / 4

/** `traceId`: 32 hexadecimal digits. */
export type IsSampled = (traceId: string) => boolean

/** `ratio`: 0 to 1. A double holds 53 of the 56 bits, which is enough for a ratio. */
export function byRatio(ratio: number): IsSampled {
  if (ratio >= 1) return () => true
  if (ratio <= 0) return () => false
  const threshold = (1 - ratio) * 2 ** BITS
  return (traceId) => Number.parseInt(traceId.slice(-DIGITS), 16) >= threshold
}
