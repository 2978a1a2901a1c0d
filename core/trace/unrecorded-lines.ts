/**
 * What backends are told of a request that is not recorded, and that told of no trace itself. Most requests are such: their lines
 * are a pattern, into which the digits of both ids are written where it stands in the head.
 */
import type { Format } from './formats.ts'
import { type NewIds, SPAN_BYTES, TRACE_BYTES } from './trace-ids.ts'

/** As no line holds them otherwise. */
const TRACE_MARK = 't'.repeat(2 * TRACE_BYTES)
const SPAN_MARK = 's'.repeat(2 * SPAN_BYTES)
const HEX = Buffer.from('0123456789abcdef')

export interface UnrecordedLines {
  /** In bytes, whatever the ids. */
  readonly length: number
  /** Writes them at `at`; returns the offset behind them. */
  write(ids: NewIds, out: Buffer, at: number): number
}

export function unrecordedLines(formats: readonly Format[]): UnrecordedLines {
  const context = { traceId: TRACE_MARK, spanId: SPAN_MARK, isSampled: false, isRandom: true }
  const pattern = formats.map((format) => format.write(context)).join('')
  const places = [
    ...placesOf(pattern, TRACE_MARK).map((place) => ({ place, from: 0, count: TRACE_BYTES })),
    ...placesOf(pattern, SPAN_MARK).map((place) => ({ place, from: TRACE_BYTES, count: SPAN_BYTES })),
  ]
  const lines = Buffer.from(pattern, 'latin1')
  return {
    length: lines.length,
    write(ids, out, at) {
      lines.copy(out, at)
      for (const place of places) writeDigits(ids, place, out, at)
      return at + lines.length
    },
  }
}

interface Place {
  readonly place: number
  /** Which bytes of the ids. */
  readonly from: number
  readonly count: number
}

const placesOf = (pattern: string, mark: string): readonly number[] =>
  [...pattern.matchAll(new RegExp(mark, 'g'))].map(({ index }) => index)

function writeDigits({ bytes, at }: NewIds, { place, from, count }: Place, out: Buffer, start: number): void {
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[at + from + index] as number
    out[start + place + 2 * index] = HEX[byte >> 4] as number
    out[start + place + 2 * index + 1] = HEX[byte & 15] as number
  }
}
