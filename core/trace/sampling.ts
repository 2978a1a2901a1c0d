/**
 * Which traces are recorded, by their ids alone, so that whoever samples the same part takes the same ones: the last 56 bits are a
 * random number, and those from a threshold on are taken (W3C Trace Context level 2; OpenTelemetry's consistent sampling).
 */

const BITS = 56
const DIGITS = BITS / 4

/** `traceId`: 32 hexadecimal digits. */
export type IsSampled = (traceId: string) => boolean

/** `ratio`: 0 to 1. Digits of the same number compare as texts. */
export function byRatio(ratio: number): IsSampled {
  if (ratio >= 1) return () => true
  if (ratio <= 0) return () => false
  const taken = BigInt(Math.max(1, Math.round(ratio * 2 ** BITS)))
  const threshold = (2n ** BigInt(BITS) - taken).toString(16).padStart(DIGITS, '0')
  return (traceId) => traceId.slice(-DIGITS) >= threshold
}
