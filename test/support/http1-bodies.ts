/** Feeds bodies to their readers in any pieces, and tells what came out. */
import { createBodyReader } from '../../core/http1/body-reader.ts'
import type { BodyKind } from '../../core/http1/framing.ts'
import type { HttpLimits } from '../../core/http1/limits.ts'
import { limits, textOf } from './http1-bytes.ts'
import type { Refusal } from './http1-refusals.ts'
import { orRefusal } from './http1-refusals.ts'
import type { Field } from './http1.ts'
import { fieldsOf } from './http1.ts'

export interface BodyReading {
  /** What the sink was given, refused or not. */
  readonly out: string
  readonly isDone: boolean
  /** Bytes behind the body. */
  readonly rest: string
  readonly trailers: readonly Field[]
  readonly refusal: Refusal | undefined
}

interface BodyInput {
  readonly kind?: BodyKind
  readonly contentLength?: number
  readonly keepChunks?: boolean
  readonly within?: HttpLimits
}

/** Reads one body from pieces, up to its end or its refusal. */
export function readBody(pieces: readonly Buffer[], input: BodyInput = {}): BodyReading {
  const { kind = 'chunked', contentLength = 0, keepChunks = false, within = limits } = input
  const reader = createBodyReader(kind, contentLength, within, keepChunks)
  if (reader === undefined) throw new Error('no body')
  const out: string[] = []
  const rest: string[] = []
  const sink = {
    onBody: (bytes: Buffer, start: number, end: number) => void out.push(bytes.toString('latin1', start, end)),
  }
  const refusal = orRefusal(() => {
    for (const piece of pieces) {
      rest.push(textOf(piece.subarray(reader.read(piece, 0, piece.length, sink))))
    }
    return undefined
  })
  const trailers = reader.trailers === undefined ? [] : fieldsOf(reader.trailers)
  return { out: out.join(''), isDone: reader.isDone, rest: rest.join(''), trailers, refusal }
}
