/**
 * One client's connection: reads requests from it one after the other (pipelined ones wait their turn), hands each to the
 * handler, feeds its body to the exchange that answers it, and closes in good order. What to answer is not its business.
 */
import { ProtocolError } from '../errors.ts'
import type { BodyReader, BodySink } from '../http1/body.ts'
import { createBodyReader } from '../http1/body-reader.ts'
import { INCOMPLETE } from '../http1/field-section.ts'
import { frameRequest } from '../http1/framing.ts'
import { CR, LF } from '../http1/grammar.ts'
import { HeadBuffer } from '../http1/head-buffer.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ClientExchange, ClientIdentity } from './client-exchange.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { ClientTimeouts } from './timeouts.ts'
import { Wire, type WireOwner } from './wire.ts'

/** What a connection asks of the rest of SmartEdge. */
export interface RequestHandler {
  readonly head: RequestHead
  readonly limits: HttpLimits
  readonly timeouts: ClientTimeouts
  readonly wheel: TimerWheel
  readonly counters: { bytesFromClients: number; bytesToClients: number }
  identify(address: string): ClientIdentity
  /**
   * A lawful head stands in `head`, valid until the call returns; it began at `head.start` of `head.bytes`. The exchange
   * may already be over by then, or end later; either way it says `finish`.
   */
  onRequest(client: ClientConnection): void
  /** The head is unlawful, too large or late: answer and close. */
  onRefusal(client: ClientConnection, error: ProtocolError): void
}

/** The listener that a connection came in by. */
export interface ClientHome {
  /** Whether one more client may come in; asked once for each that knocks. */
  admit(): boolean
  onOpened(client: ClientConnection): void
  /** The connection is gone; every connection says so once. */
  onClosed(client: ClientConnection): void
}

/**
 * 'head': between requests or inside a head. 'body': a request's body is being read. 'waiting': the request is whole, its
 * response is not. 'handed-over': the bytes belong to a tunnel. 'closing': whatever comes is thrown away.
 */
type Phase = 'head' | 'body' | 'waiting' | 'handed-over' | 'closing'

export class ClientConnection implements WireOwner, BodySink {
  readonly wire: Wire
  identity: ClientIdentity
  /** Set by the handler in `onRequest`. */
  exchange: ClientExchange | undefined = undefined
  private readonly handler: RequestHandler
  private readonly home: ClientHome
  private phase: Phase = 'head'
  private headBuffer: HeadBuffer | undefined = undefined
  private reader: BodyReader | undefined = undefined
  /** Bytes behind what has been read so far, held until the response is done or the exchange takes body again. */
  private held: Buffer | undefined = undefined
  private isReading = false
  private hasEnded = false
  private closesWhenIdle = false

  constructor(handler: RequestHandler, home: ClientHome, address: string) {
    this.handler = handler
    this.home = home
    this.identity = handler.identify(address)
    this.wire = new Wire(this, handler.wheel)
    this.wire.arm(handler.timeouts.headMs)
  }

  /** Between two requests, with nothing begun. */
  get isIdle(): boolean {
    return this.phase === 'head' && this.headBuffer === undefined && this.held === undefined
  }

  /** Upgraded: what passes is not HTTP. */
  get isTunnel(): boolean {
    return this.phase === 'handed-over'
  }

  /** Whether the request has been read to its end. */
  get isRequestWhole(): boolean {
    return this.phase === 'waiting'
  }

  /** No further request will be read: the client has ended its side, or we are to close. */
  get isLastRequest(): boolean {
    return this.closesWhenIdle || (this.hasEnded && this.held === undefined)
  }

  /** The exchange is over. `persists`: the next request may follow; else, or when this one was not read whole, closes. */
  finish(persists: boolean): void {
    this.exchange = undefined
    this.reader = undefined
    if (!persists || this.phase !== 'waiting' || (this.closesWhenIdle && this.held === undefined)) {
      this.close()
      return
    }
    this.phase = 'head'
    this.wire.arm(this.handler.timeouts.keepAliveMs)
    // A client that does not read its responses gets no further request answered: that bounds what is kept for it.
    if (this.wire.isBlocked) this.wire.pause()
    else if (!this.isReading) this.readHeld()
  }

  /** The exchange takes body bytes (again). */
  resumeBody(): void {
    if (this.phase !== 'body') return
    this.wire.arm(this.handler.timeouts.bodyMs)
    if (!this.isReading) this.readHeld()
  }

  /** The exchange takes no body bytes for now: whoever holds things up is not the client. */
  pauseBody(): void {
    this.wire.pause()
    if (this.phase === 'body') this.wire.disarm()
  }

  /** Answers are done with: what is kept goes out, then the connection ends. */
  close(): void {
    this.phase = 'closing'
    this.held = undefined
    this.headBuffer = undefined
    this.wire.close()
  }

  /** Ends at once with a reset: what the client has got is not the whole. */
  cut(): void {
    this.phase = 'closing'
    this.exchange = undefined
    this.held = undefined
    this.wire.destroy()
  }

  /** Closes now if it is idle, else behind the response under way. */
  closeWhenIdle(): void {
    this.closesWhenIdle = true
    if (this.isIdle) this.close()
  }

  /**
   * Gives the wire to a tunnel; returns what the client has already sent for it. The new owner says `onClose` here when
   * the wire is closed.
   */
  handOver(): Buffer | undefined {
    const { held } = this
    this.phase = 'handed-over'
    this.exchange = undefined
    this.held = undefined
    this.wire.disarm()
    this.wire.resume()
    return held
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.exchange?.onRequestBody(bytes, start, end)
  }

  // The wire reports.

  onOpen(): void {}

  onConnectError(): void {}

  onData(bytes: Buffer): void {
    this.handler.counters.bytesFromClients += bytes.length
    if (this.phase === 'waiting') {
      this.hold(bytes)
      return
    }
    const whole = this.headBuffer === undefined ? bytes : this.collectHead(this.headBuffer, bytes)
    if (whole !== undefined) this.read(whole)
  }

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onBlocked(): void {
    this.wire.arm(this.handler.timeouts.bodyMs)
    if (this.exchange !== undefined) this.exchange.onClientBlocked(true)
    else if (this.phase === 'head') this.wire.pause()
  }

  onDrained(): void {
    if (this.phase === 'waiting') this.wire.disarm()
    if (this.exchange !== undefined) {
      this.exchange.onClientBlocked(false)
    } else if (this.phase === 'head') {
      const { headMs, keepAliveMs } = this.handler.timeouts
      this.wire.arm(this.headBuffer === undefined ? keepAliveMs : headMs)
      this.readHeld()
    }
  }

  onEnd(): void {
    this.hasEnded = true
    if (this.phase === 'waiting') return
    if (this.phase === 'body' && this.held === undefined) {
      this.abandon()
      this.wire.close()
    } else if (this.phase === 'head') {
      this.close()
    }
  }

  onClose(): void {
    this.abandon()
    this.home.onClosed(this)
  }

  onTimeout(): void {
    if (this.wire.isBlocked) {
      this.wire.destroy()
    } else if (this.phase === 'body') {
      this.fault(new ProtocolError('the request body came too slowly', 408))
    } else if (this.phase === 'head' && this.headBuffer !== undefined) {
      this.refuse(new ProtocolError('the request head came too slowly', 408))
    } else if (this.phase === 'head') {
      this.close()
    }
  }

  /** The exchange, if any, loses its client. */
  private abandon(): void {
    const { exchange } = this
    this.exchange = undefined
    this.phase = 'closing'
    exchange?.onClientGone()
  }

  private collectHead(headBuffer: HeadBuffer, bytes: Buffer): Buffer | undefined {
    try {
      const whole = headBuffer.push(bytes, this.handler.limits.maxHeadBytes)
      if (whole !== undefined) this.headBuffer = undefined
      return whole
    } catch (error) {
      this.refuse(asProtocolError(error))
      return undefined
    }
  }

  /** Takes up again with what was held. */
  private readHeld(): void {
    const { held } = this
    this.held = undefined
    this.wire.resume()
    if (held !== undefined) this.read(held)
    if (this.hasEnded && this.phase === 'head') this.close()
  }

  /** Reads heads and bodies from `bytes` for as long as somebody takes them. */
  private read(bytes: Buffer): void {
    let position = 0
    this.isReading = true
    while (position < bytes.length && this.phase !== 'closing') {
      if (this.phase === 'head') position = this.readHead(bytes, position)
      else if (this.phase === 'body' && this.exchange?.takesBody === true) position = this.readBody(bytes, position)
      else break
    }
    this.isReading = false
    if (position < bytes.length && this.phase !== 'closing') this.hold(bytes.subarray(position))
  }

  private readHead(bytes: Buffer, start: number): number {
    const { handler } = this
    const { head } = handler
    try {
      // An empty line (old clients send one behind a body) begins no request, so it must not start the head's clock.
      if (isEmptyLine(bytes, start)) return bytes.length
      const end = head.parse(bytes, start, bytes.length, handler.limits)
      if (end === INCOMPLETE) {
        this.headBuffer = new HeadBuffer(bytes, start)
        this.wire.arm(handler.timeouts.headMs)
        return bytes.length
      }
      this.beginRequest(head)
      return end
    } catch (error) {
      this.refuse(asProtocolError(error))
      return bytes.length
    }
  }

  private beginRequest(head: RequestHead): void {
    const { handler } = this
    const kind = frameRequest(head.fields)
    this.reader = createBodyReader(kind, head.fields.contentLength, handler.limits, true)
    if (this.reader === undefined) {
      this.phase = 'waiting'
      this.wire.disarm()
    } else {
      // The clock for the body runs once somebody takes it: see resumeBody.
      this.phase = 'body'
      this.wire.disarm()
    }
    handler.onRequest(this)
  }

  private readBody(bytes: Buffer, start: number): number {
    const reader = this.reader as BodyReader
    const exchange = this.exchange as ClientExchange
    try {
      this.wire.arm(this.handler.timeouts.bodyMs)
      const position = reader.read(bytes, start, bytes.length, this)
      if (reader.isDone) {
        this.phase = 'waiting'
        this.wire.disarm()
        exchange.onRequestEnd(reader.trailers)
      }
      return position
    } catch (error) {
      this.fault(asProtocolError(error))
      return bytes.length
    }
  }

  private hold(bytes: Buffer): void {
    this.held = this.held === undefined ? bytes : Buffer.concat([this.held, bytes])
    this.wire.pause()
  }

  private refuse(error: ProtocolError): void {
    this.headBuffer = undefined
    this.phase = 'closing'
    this.handler.onRefusal(this, error)
  }

  private fault(error: ProtocolError): void {
    const { exchange } = this
    exchange?.onRequestFault(error)
  }
}

const isEmptyLine = (bytes: Buffer, start: number): boolean =>
  bytes.length - start === 2 && bytes[start] === CR && bytes[start + 1] === LF

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error
  throw error
}
