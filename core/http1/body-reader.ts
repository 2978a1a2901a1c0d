/**
 * Readers that find the end of a body in the bytes that arrive, one small class per kind. They copy nothing: spans of the
 * bytes go to a sink, and what lies behind the body is left alone.
 */
import type { BodyReader, BodySink } from './body.ts'
import { ChunkedReader } from './chunked-reader.ts'
import type { BodyKind } from './framing.ts'
import type { HttpLimits } from './limits.ts'

class LengthReader implements BodyReader {
  readonly trailers = undefined
  isDone = false
  remaining: number

  constructor(length: number) {
    this.remaining = length
  }

  skip(length: number): void {
    this.remaining -= length
    this.isDone = this.remaining === 0
  }

  read(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const length = Math.min(this.remaining, end - start)
    this.skip(length)
    if (length > 0) sink.onBody(bytes, start, start + length)
    return start + length
  }
}

class UntilCloseReader implements BodyReader {
  readonly trailers = undefined
  readonly isDone = false
  readonly remaining = 0

  skip(): void {}

  read(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    if (end > start) sink.onBody(bytes, start, end)
    return end
  }
}

/**
 * A reader for a body of this kind, undefined for none. `keepChunks`: a chunked body's sink gets the chunks with their
 * size lines (but without extensions and the last chunk), ready to be forwarded; else it gets the data alone.
 */
export function createBodyReader(
  kind: BodyKind,
  contentLength: number,
  limits: HttpLimits,
  keepChunks: boolean,
): BodyReader | undefined {
  switch (kind) {
    case 'none':
      return undefined
    case 'length':
      return new LengthReader(contentLength)
    case 'chunked':
      return new ChunkedReader(limits, keepChunks)
    case 'until-close':
      return new UntilCloseReader()
  }
}
