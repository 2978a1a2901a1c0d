/**
 * The scale on which watchers see latencies: eight steps to an octave of microseconds, 1 µs to 10 minutes, so that a
 * step is 7 to 13 % wide. Coarser than the histogram behind /api/status, and cheap enough to be counted beside it, read
 * four times a second and sent: plain counts that only rise, whose differences are any window one likes.
 */

/** Doubles of µs below 2^30, which is beyond ten minutes; below 8 µs every step is 1 µs. */
export const scaleSize = 8 * 28

/** Where a latency counts; `micros` is a whole number from 0 to 2^30 - 1. */
export function scaleIndex(micros: number): number {
  if (micros < 8) return micros
  const octave = 31 - Math.clz32(micros)
  return ((octave - 2) << 3) | ((micros >> (octave - 3)) & 7)
}

/** Lower end of each step in ms, and the upper end of the last: `scaleSize + 1` rising numbers. */
export const scaleBoundsMs: readonly number[] = Array.from(
  { length: scaleSize + 1 },
  (_, index) => lowerMicros(index) / 1000,
)

function lowerMicros(index: number): number {
  if (index < 8) return index
  const octave = (index >> 3) + 2
  return (8 + (index & 7)) * 2 ** (octave - 3)
}
