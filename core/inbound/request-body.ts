/** A request's body as it comes in: read in the form in which it is taken, and on the short way where there is one. */
import type { BodyReader, BodySink } from '../http1/body.ts'
import { createBodyReader } from '../http1/body-reader.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { openPassage, type Passage } from '../net/passage.ts'
import type { Pipes } from '../net/pipes.ts'
import type { Wire } from '../net/wire.ts'
import type { BodyForm } from '../stream/body-form.ts'
import type { RequestSink } from '../stream/client-stream.ts'

export class RequestBody {
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
    this.reader ??= createBodyReader(this.framing, this.length, this.limits, form === 'chunks')
    return this.reader?.read(bytes, start, bytes.length, sink) ?? start
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
