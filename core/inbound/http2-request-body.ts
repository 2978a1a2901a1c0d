/**
 * The body of one HTTP/2 request as it comes: held while nobody takes it, passed on in the form that is asked for, and held
 * to what its head and its route allow. What has been taken the client may send anew.
 */
import { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { CHUNK_END, chunkStart } from '../http1/trailers.ts'
import { FLOW_CONTROL_ERROR, StreamFault } from '../http2/errors.ts'
import { HeldBytes, takeFirst } from '../net/held-bytes.ts'
import type { BodyForm } from '../stream/body-form.ts'
import type { RequestSink } from '../stream/client-stream.ts'

/** What a stream's client may send before it is told that more may come: `INITIAL_WINDOW_SIZE`. */
export const STREAM_WINDOW = 65_535
/** Taken bytes are told of when they are that many, or the client would get a frame for each of its own. */
const CREDIT_BYTES = STREAM_WINDOW >> 1

/** The stream, as its body sees it. */
export interface BodyOwner {
  readonly id: number
  readonly sink: RequestSink
  /** Nothing more comes. */
  readonly hasRemoteEnded: boolean
  /** So many bytes of the connection's window are free again. */
  creditConnection(length: number): void
  /** And of the stream's. */
  widenWindow(increment: number): void
}

export class Http2RequestBody {
  /** It has been read to its end, by whoever takes it. */
  isWhole: boolean
  private readonly owner: BodyOwner
  /** What the client may still send. */
  private window = STREAM_WINDOW
  /** Taken, and not yet told of. */
  private taken = 0
  /** Content that is still to come, as the head has told; negative: it has not. */
  private contentLeft: number
  private readonly isCounted: boolean
  private contentSeen = 0
  private maxContent = Infinity
  /** In which it is taken; undefined: it is not. */
  private form: BodyForm | undefined = undefined
  private held: HeldBytes | undefined = undefined
  private trailers: FieldSection | undefined = undefined

  /** `contentLength`: -1: the head does not tell. */
  constructor(owner: BodyOwner, contentLength: number, isWhole: boolean) {
    this.owner = owner
    this.contentLeft = contentLength
    this.isCounted = contentLength >= 0
    this.isWhole = isWhole
  }

  /** Somebody waits for the client to send more. */
  get isAwaited(): boolean {
    return this.form !== undefined && !this.isWhole
  }

  limit(maxBytes: number): void {
    if (!this.isCounted) this.maxContent = maxBytes
  }

  pause(): void {
    this.form = undefined
  }

  resume(form: BodyForm): void {
    if (this.isWhole) return
    this.form = form
    const { held } = this
    for (
      let piece = takeFirst(held);
      piece !== undefined;
      piece = this.form === undefined ? undefined : takeFirst(held)
    )
      this.pass(piece, 0, piece.length)
    if (this.form === undefined || (held !== undefined && held.size > 0)) return
    this.held = undefined
    if (this.owner.hasRemoteEnded) this.end()
  }

  /** A frame of `length` bytes begins, padding included. Throws StreamFault. */
  takeWindow(length: number): void {
    this.window -= length
    if (this.window >= 0) return
    throw new StreamFault(
      this.owner.id,
      `more came than the window of ${STREAM_WINDOW} bytes allows`,
      FLOW_CONTROL_ERROR,
    )
  }

  /** Throws StreamFault. */
  onContent(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    this.contentSeen += length
    if (this.isCounted && (this.contentLeft -= length) < 0)
      throw new StreamFault(this.owner.id, 'more content came than content-length says')
    if (this.contentSeen > this.maxContent) this.refuse(length)
    else if (this.form !== undefined && this.held === undefined) this.pass(bytes, start, end)
    else (this.held ??= new HeldBytes()).push(bytes, start, end)
  }

  /** Throws StreamFault. */
  checkEnd(): void {
    if (this.contentLeft > 0) throw new StreamFault(this.owner.id, 'less content came than content-length says')
  }

  /** END_STREAM has come. */
  onRemoteEnd(trailers: FieldSection | undefined): void {
    this.trailers = trailers
    if (this.held === undefined && this.form !== undefined) this.end()
  }

  /** So many bytes have been taken, or were padding. */
  credit(length: number): void {
    const { owner } = this
    owner.creditConnection(length)
    this.taken += length
    if (this.taken < CREDIT_BYTES || owner.hasRemoteEnded) return
    owner.widenWindow(this.taken)
    this.window += this.taken
    this.taken = 0
  }

  /** All that was held, which is to go elsewhere; undefined: nothing was. */
  takeHeld(): Buffer | undefined {
    const pieces: Buffer[] = []
    for (let piece = takeFirst(this.held); piece !== undefined; piece = takeFirst(this.held)) pieces.push(piece)
    this.held = undefined
    return pieces.length === 0 ? undefined : Buffer.concat(pieces)
  }

  /** Nobody takes it any more. */
  drop(): void {
    if (this.held !== undefined) this.owner.creditConnection(this.held.size)
    this.held = undefined
    this.form = undefined
  }

  private pass(bytes: Buffer, start: number, end: number): void {
    const { sink } = this.owner
    if (this.form === 'chunks' && !this.isCounted) {
      const size = chunkStart(end - start)
      sink.onRequestBody(size, 0, size.length)
      sink.onRequestBody(bytes, start, end)
      sink.onRequestBody(CHUNK_END, 0, CHUNK_END.length)
    } else {
      sink.onRequestBody(bytes, start, end)
    }
    this.credit(end - start)
  }

  private end(): void {
    if (this.isWhole) return
    this.isWhole = true
    this.owner.sink.onRequestEnd(this.trailers)
  }

  private refuse(length: number): void {
    const { maxContent } = this
    this.credit(length)
    this.maxContent = Infinity
    this.form = undefined
    this.owner.sink.onRequestFault(new ProtocolError(`a body may have at most ${maxContent} bytes here`, 413))
  }
}
