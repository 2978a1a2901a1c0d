/** A request's body as it comes in: read in the form in which it is taken, and on the short way where there is one. */
import type { BodyReader, BodySink } from '../http1/body.ts'
import { ChunkedReader } from '../http1/chunked-reader.ts'
import { createBodyReader } from '../http1/body-reader.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { type BodyKind, frameRequest } from '../http1/framing.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { openPassage, type Passage } from '../net/passage.ts'
import type { Pipes } from '../net/pipes.ts'
import type { Wire } from '../net/wire.ts'
import type { BodyForm } from '../stream/body-form.ts'
import type { RequestSink } from '../stream/client-stream.ts'

/** That of the request whose head was read last; undefined: it has none. Throws ProtocolError. */
export function bodyOf(fields: FieldSection, limits: HttpLimits): RequestBody | undefined {
  const framing = frameRequest(fields)
  return framing === 'none' ? undefined : new RequestBody(framing, fields.contentLength, limits)
}

export class RequestBody {
  /** Of a chunked body's content; to be set before anything is read. */
  maxBytes = Infinity
  private readonly framing: BodyKind
  private readonly length: number
  private readonly limits: HttpLimits
  /** Made when somebody first takes the body, since its form is then known. */
  private reader: BodyReader | undefined = undefined
  private passage: Passage | undefined = undefined

  constructor(framing: BodyKind, length: number, limits: HttpLimits) {
    this.framing = framing
    this.length = length
    this.limits = limits
  }

  get isDone(): boolean {
    return this.reader?.isDone ?? false
  }

  get trailers(): FieldSection | undefined {
    return this.reader?.trailers
  }

  /** Reads bytes[start..) and returns the offset behind what belongs to it. Throws ProtocolError. */
  read(bytes: Buffer, start: number, form: BodyForm, sink: BodySink): number {
    this.reader ??= this.createReader(form === 'chunks')
    return this.reader?.read(bytes, start, bytes.length, sink) ?? start
  }

  private createReader(keepChunks: boolean): BodyReader | undefined {
    const { framing, length, limits, maxBytes } = this
    if (framing === 'chunked') return new ChunkedReader(limits, keepChunks, maxBytes)
    return createBodyReader(framing, length, limits, keepChunks)
  }

  /** Has what is left take the short way, where there is one; `piece`: bytes that have just come. */
  shorten(wire: Wire, piece: number, pipes: Pipes | undefined, sink: RequestSink | undefined): void {
    this.passage = openPassage(wire, { piece, remaining: this.reader?.remaining ?? 0 }, pipes, sink)
  }

  /** So many bytes have taken it. */
  onRelayed(length: number): void {
    this.reader?.skip(length)
    this.passage?.onPassed(length)
  }
}
