/** The field block that ends a message (RFC 9113 8.1). */
import type { FieldSection } from '../http1/field-section.ts'
import { isTrailing } from '../http1/trailers.ts'
import type { FrameWriter } from './frame-writer.ts'
import { BLOCK_OVERHEAD, emptySpan, FIELD_OVERHEAD, type HpackEncoder } from './hpack-encoder.ts'

/** Who encodes for the peer, where it goes, and what the peer takes in one frame. */
export interface BlockTarget {
  readonly frames: FrameWriter
  readonly encoder: HpackEncoder
  readonly settings: { readonly maxFrameBytes: number }
}

const span = emptySpan()

/** Writes those trailers that may be passed on; false: there are none, and nothing was written. */
export function writeTrailerBlock(target: BlockTarget, streamId: number, trailers: FieldSection): boolean {
  const { frames, encoder, settings } = target
  const start = frames.beginBlock(trailers.end - trailers.start + trailers.count * FIELD_OVERHEAD + BLOCK_OVERHEAD)
  const begun = encoder.begin(frames.bytes, start)
  let end = begun
  for (let index = 0; index < trailers.count; index += 1) {
    if (isTrailing(trailers, index)) end = writeField(target, end, trailers, index)
  }
  if (end === start) return false
  frames.endBlock(streamId, end, settings.maxFrameBytes)
  return true
}

/** Writes line `index` of a head or of trailers at `at`; returns the offset behind. */
export function writeField({ frames, encoder }: BlockTarget, at: number, fields: FieldSection, index: number): number {
  span.names = fields.bytes
  span.bytes = fields.bytes
  span.nameStart = fields.starts[index] as number
  span.nameEnd = fields.colons[index] as number
  span.valueStart = fields.valueStart(index)
  span.valueEnd = Math.max(span.valueStart, fields.valueEnd(index))
  span.origin = fields.originOf(index)
  return encoder.write(frames.bytes, at, span)
}
