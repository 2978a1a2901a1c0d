/**
 * What backends are told of a request that is not recorded, and that told of no trace itself. Most requests are such: their lines
 * are one text each, made of a pattern into which the digits of both ids are written.
 */
import type { Format } from './formats.ts'
import { type NewIds, SPAN_BYTES, TRACE_BYTES } from './trace-ids.ts'

/** As no line holds them otherwise. */
const TRACE_MARK = 't'.repeat(2 * TRACE_BYTES)
const SPAN_MARK = 's'.repeat(2 * SPAN_BYTES)
const HEX = Buffer.from('0123456789abcdef')

/** Lines with CRLF each. */
export type UnrecordedLines = (ids: NewIds) => string

export function unrecordedLines(formats: readonly Format[]): UnrecordedLines {
  const context = { traceId: TRACE_MARK, spanId: SPAN_MARK, isSampled: false, isRandom: true }
  const pattern = formats.map((format) => format.write(context)).join('')
  const tracePlaces = placesOf(pattern, TRACE_MARK)
  const spanPlaces = placesOf(pattern, SPAN_MARK)
  const lines = Buffer.from(pattern, 'latin1')
  const places = [
    ...tracePlaces.map((place) => ({ place, from: 0, count: TRACE_BYTES })),
    ...spanPlaces.map((place) => ({ place, from: TRACE_BYTES, count: SPAN_BYTES })),
  ]
  return (ids) => {
    for (const place of places) writeDigits(lines, place, ids)
    return lines.toString('latin1')
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

function writeDigits(out: Buffer, { place, from, count }: Place, { bytes, at }: NewIds): void {
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[at + from + index] as number
    out[place + 2 * index] = HEX[byte >> 4] as number
    out[place + 2 * index + 1] = HEX[byte & 15] as number
  }
}
