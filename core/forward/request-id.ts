/** Request ids: 24 hexadecimal digits, unique among processes by a random half and within one by a counter. Not secret. */
import type { Random } from '../random.ts'

const RANDOM_DIGITS = 12
const COUNTER_DIGITS = 12
export const REQUEST_ID_LENGTH = RANDOM_DIGITS + COUNTER_DIGITS

const DIGITS = Buffer.from('0123456789abcdef')

/** Writes the next id into `out` at `at`; returns the offset behind it. */
export type WriteRequestId = (out: Buffer, at: number) => number

export function requestIds(random: Random): WriteRequestId {
  const id = Buffer.alloc(REQUEST_ID_LENGTH, DIGITS[0])
  for (let index = 0; index < RANDOM_DIGITS; index += 1) id[index] = DIGITS[Math.floor(random() * 16)] as number
  return (out, at) => {
    increment(id)
    return at + id.copy(out, at)
  }
}

/** Adds 1 to the hexadecimal digits of the counter, most often by touching the last one only. */
function increment(id: Buffer): void {
  for (let index = REQUEST_ID_LENGTH - 1; index >= RANDOM_DIGITS; index -= 1) {
    const digit = id[index] as number
    if (digit !== 0x66) {
      id[index] = digit === 0x39 ? 0x61 : digit + 1
      return
    }
    id[index] = 0x30
  }
}
