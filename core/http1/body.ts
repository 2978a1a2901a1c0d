/** What readers of bodies promise, whichever way a body is delimited. */
import type { FieldSection } from './field-section.ts'

export interface BodySink {
  /** bytes[start..end) belong to the body; who keeps them longer than the event says so: see `net/retained.ts`. */
  onBody(bytes: Buffer, start: number, end: number): void
}

export interface BodyReader {
  /** Whether the body has ended. */
  readonly isDone: boolean
  /** The trailer section of a chunked body that had one; valid until the next message is parsed. */
  readonly trailers: FieldSection | undefined
  /** Bytes still to come, where the head has told how many; 0: it has not. */
  readonly remaining: number
  /** So many of them have come and gone another way. */
  skip(length: number): void
  /** Reads from bytes[start..end) and returns the offset behind what belongs to the body. Throws ProtocolError. */
  read(bytes: Buffer, start: number, end: number, sink: BodySink): number
}
