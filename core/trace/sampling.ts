/**
 * Which traces are recorded, by their ids alone, so that whoever samples the same part takes the same ones: the last 56 bits are a
 * random number, and those from a threshold on are taken (W3C Trace Context level 2; OpenTelemetry's consistent sampling).
 */
import { type NewIds, TRACE_BYTES } from './trace-ids.ts'

const BITS = 56
const DIGITS = BITS / 4
const LOW_BITS = 24

export interface Sampler {
  /** `traceId`: 32 hexadecimal digits. */
  readonly takes: (traceId: string) => boolean
  /** The same of an id that is bytes yet. */
  readonly takesNew: (ids: NewIds) => boolean
}

/** `ratio`: 0 to 1. */
export function byRatio(ratio: number): Sampler {
  if (ratio >= 1) return { takes: () => true, takesNew: () => true }
  if (ratio <= 0) return { takes: () => false, takesNew: () => false }
  const taken = BigInt(Math.max(1, Math.round(ratio * 2 ** BITS)))
  const threshold = 2n ** BigInt(BITS) - taken
  const digits = threshold.toString(16).padStart(DIGITS, '0')
  const high = Number(threshold >> BigInt(LOW_BITS))
  const low = Number(threshold & BigInt(2 ** LOW_BITS - 1))
  return {
    // Digits of the same number compare as texts.
    takes: (traceId) => traceId.slice(-DIGITS) >= digits,
    takesNew({ bytes, at }) {
      const start = at + TRACE_BYTES - BITS / 8
      const first = bytes.readUInt32BE(start)
      return first > high || (first === high && bytes.readUIntBE(start + 4, LOW_BITS / 8) >= low)
    },
  }
}
