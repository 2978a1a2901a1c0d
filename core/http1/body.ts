/** What readers of bodies promise, whichever way a body is delimited. */
import type { FieldSection } from './field-section.ts'

export interface BodySink {
  /** bytes[start..end) belong to the body; they stay valid and unchanged for as long as they are kept. */
  onBody(bytes: Buffer, start: number, end: number): void
}

export interface BodyReader {
  /** Whether the body has ended. */
  readonly isDone: boolean
  /** The trailer section of a chunked body that had one; valid until the next message is parsed. */
  readonly trailers: FieldSection | undefined
  /** Reads from bytes[start..end) and returns the offset behind what belongs to the body. Throws ProtocolError. */
  read(bytes: Buffer, start: number, end: number, sink: BodySink): number
}
