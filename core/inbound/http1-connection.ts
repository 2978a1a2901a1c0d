/**
 * One client's HTTP/1 connection: reads requests from it one after the other (pipelined ones wait their turn), makes a
 * stream of each, feeds its body to whoever answers it, and closes in good order. What to answer is not its business.
 */
import { type ProtocolError, protocolErrorOf } from '../errors.ts'
import type { BodySink } from '../http1/body.ts'
import { INCOMPLETE } from '../http1/field-section.ts'
import { HeadBuffer, isEmptyLine } from '../http1/head-buffer.ts'
import { advance } from '../http1/lifecycle.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { hasNews } from '../net/news.ts'
import { retained } from '../net/retained.ts'
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { Peer } from '../stream/peer.ts'
import { Idling, SLOW_LINE_MS } from './idling.ts'
import { isInHead, lengthOf, type State, STATES, timeoutIn, tooLate } from './http1-states.ts'
import { type Behind, type Http1Carrier, Http1Stream } from './http1-stream.ts'
import { refuseHead } from './own-response.ts'
import { bodyOf, type RequestBody } from './request-body.ts'
import type { ClientHome, RequestHandler } from './request-handler.ts'
import { MAX_BYTES_A_TURN, MAX_REQUESTS_A_TURN } from './turns.ts'

export class Http1Connection implements WireOwner, BodySink, Http1Carrier {
  readonly wire: Wire
  readonly peer: Peer
  readonly handler: RequestHandler
  private readonly home: ClientHome<Http1Connection>
  /** A head is due from the accept on. */
  private state: State = STATES.head
  /** The request that is being read or answered. */
  private stream: Http1Stream | undefined = undefined
  /** The form in which body bytes are taken now; undefined: they are not. */
  private bodyForm: BodyForm | undefined = undefined
  /** Bytes behind what has been read so far, held until the response is done or the body is taken again. */
  private held: Buffer | undefined = undefined
  private isReading = false
  private hasEnded = false
  private isLeaving = false
  private readonly idling = new Idling(this)

  /** `wire`: one that has been read from by another, whose bytes come by `onData`; absent: a fresh one. */
  constructor(handler: RequestHandler, home: ClientHome<Http1Connection>, peer: Peer, wire?: Wire) {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.wire = wire ?? new Wire(this, handler.wheel)
    this.wire.owner = this
    peer.wire = this.wire
    this.wire.arm(handler.timeouts.headMs)
    this.idling.begin()
  }

  /** Between two requests, with nothing begun. */
  get isIdle(): boolean {
    return this.state.kind === 'idle' && this.held === undefined
  }

  /** Upgraded: what passes is not HTTP. */
  get isTunnel(): boolean {
    return this.state.kind === 'tunnel'
  }

  get isRequestWhole(): boolean {
    return this.state.kind === 'whole'
  }

  /** No further request will be read: the client has ended its side, or it is to leave. */
  get isLastRequest(): boolean {
    return this.isLeaving || (this.hasEnded && this.held === undefined)
  }

  finish(behind: Behind): void {
    this.stream = undefined
    this.bodyForm = undefined
    if (this.state.kind !== 'whole' || behind !== 'requests') {
      // What has come tells more than what the client had said.
      const isAlone = behind === 'nothing' && this.held === undefined && !hasNews(this.wire)
      return this.close(isAlone)
    }
    this.state = advance(this.state, 'isReleased', STATES.idle)
    this.rearm()
    // A client that does not read its responses gets no further request answered: that bounds what is kept for it.
    if (this.wire.isBlocked) this.wire.pause()
    else if (!this.isReading) this.readHeld()
  }

  /** Nothing whole is in hand, and what it takes is wanted elsewhere. Whoever has begun may ask again (RFC 9110 15.5.9). */
  giveWay(): void {
    if (isInHead(this.state)) refuseHead(this, tooLate('head'))
    this.state = advance(this.state, 'closes', STATES.closed)
    this.wire.discard()
  }

  resumeBody(form: BodyForm): void {
    if (this.state.kind !== 'body') return
    this.bodyForm = form
    this.rearm()
    if (!this.isReading) this.readHeld()
  }

  /** The exchange takes no body bytes for now: whoever holds things up is not the client. */
  pauseBody(): void {
    if (this.state.kind !== 'body') return
    this.bodyForm = undefined
    this.wire.pause()
    this.rearm()
  }

  /** Answers are done with: what is kept goes out, then the connection ends. `isDone`: nothing of the client can follow. */
  close(isDone = false): void {
    this.state = advance(this.state, 'closes', STATES.closed)
    this.held = undefined
    if (isDone) this.wire.closeAtOnce()
    else this.wire.close()
  }

  /** Ends at once with a reset: what the client has got is not the whole. */
  cut(): void {
    this.state = advance(this.state, 'closes', STATES.closed)
    this.stream = undefined
    this.held = undefined
    this.wire.destroy()
  }

  /** Answers one more request at most. A client that has not asked yet has its time for a head, any other `LAST_CALL_MS`. */
  letGo(): void {
    this.isLeaving = true
    if (this.isIdle) this.rearm()
  }

  handOver(): HandedOver {
    const { held } = this
    this.state = advance(this.state, 'isHandedOver', STATES.tunnel)
    this.stream = undefined
    this.held = undefined
    this.wire.disarm()
    this.wire.resume()
    return { wire: this.wire, connection: this, early: held }
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.stream?.sink.onRequestBody(bytes, start, end)
  }

  onData(bytes: Buffer): void {
    this.handler.counters.bytesFromClients += bytes.length
    const { state } = this
    if (state.kind === 'whole') this.hold(bytes)
    else if (state.kind === 'head' && state.buffer !== undefined) this.collectHead(state.buffer, bytes)
    else this.read(bytes)
  }

  onRelayed(length: number): void {
    this.handler.counters.bytesFromClients += length
    if (this.state.kind !== 'body') return
    const { body } = this.state
    this.rearm()
    body.onRelayed(length)
    if (body.isDone) this.endRequest(body)
  }

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onBlocked(): void {
    this.rearm()
    if (this.stream !== undefined) this.stream.sink.onClientBlocked(true)
    // A connection that is being closed reads on: see Wire.close.
    else if (this.state.kind === 'idle') this.wire.pause()
  }

  onDrained(): void {
    if (this.state.kind === 'closed') return
    this.rearm()
    if (this.stream !== undefined) this.stream.sink.onClientBlocked(false)
    else if (!this.isReading) this.readHeld()
  }

  onEnd(): void {
    this.hasEnded = true
    // What is held is still to be read; the request may be whole with it, and others may follow.
    if (this.held !== undefined) return
    const { state, stream } = this
    // One that waits is taken to have left.
    const mayWait = this.handler.halfClose === 'answer' || stream?.mayBeHalfClosed !== false
    if (state.kind === 'idle' || state.kind === 'head') this.close()
    else if (state.kind === 'body' || (state.kind === 'whole' && !mayWait)) {
      this.loseClient()
      this.wire.close()
    }
  }

  onClose(): void {
    this.loseClient()
    this.peer.gone()
    this.home.onClosed(this)
  }

  onTimeout(): void {
    const { state } = this
    if (this.wire.isBlocked) this.wire.destroy()
    else if (state.kind === 'body') this.stream?.sink.onRequestFault(tooLate('body'))
    else if (isInHead(state)) this.refuse(tooLate('head'))
    // Nothing was asked, so nothing is answered.
    else if (state.kind === 'head' || state.kind === 'idle') this.close()
  }

  /** Arms the timeout of the state it is in, and has it stand with those that may give way where it is one. */
  private rearm(): void {
    const { handler, isLeaving } = this
    const holder = this.wire.isBlocked ? 'client' : this.bodyForm === undefined ? 'exchange' : undefined
    const timeout = timeoutIn(this.state, holder)
    if (timeout === undefined) this.wire.disarm()
    else this.wire.arm(lengthOf(timeout, handler.timeouts, isLeaving))
    if (timeout === 'keepAliveMs') this.idling.begin()
    else if (timeout === 'headMs') this.idling.begin(SLOW_LINE_MS)
    else this.idling.end()
  }

  private loseClient(): void {
    const { stream } = this
    this.stream = undefined
    this.idling.end()
    this.state = advance(this.state, 'closes', STATES.closed)
    stream?.sink.onClientGone()
  }

  private collectHead(buffer: HeadBuffer, bytes: Buffer): void {
    let whole: Buffer | undefined
    try {
      whole = buffer.push(bytes, this.handler.limits.maxHeadBytes)
    } catch (error) {
      this.refuse(protocolErrorOf(error))
    }
    if (whole === undefined) return
    this.state = STATES.head
    this.read(whole)
  }

  /** Takes up again with what was held. */
  private readHeld(): void {
    const { held } = this
    this.held = undefined
    this.wire.resume()
    if (held !== undefined) this.read(held)
    if (this.hasEnded) this.onEnd()
  }

  /** Reads heads and bodies from `bytes` for as long as somebody takes them and it is this connection's turn. */
  private read(bytes: Buffer): void {
    const position = this.readTurn(bytes)
    if (position >= bytes.length || this.state.kind === 'closed') return
    this.hold(bytes.subarray(position))
    // Nobody else would take it up again.
    if (this.state.kind === 'idle' && !this.wire.isBlocked) this.handler.turns.wait(this)
  }

  /** It is this connection's turn again. */
  onTurn(): void {
    if (this.state.kind === 'idle' && !this.wire.isBlocked) this.readHeld()
  }

  private readTurn(bytes: Buffer): number {
    let position = 0
    let requests = 0
    this.isReading = true
    while (position < bytes.length) {
      const { state, bodyForm } = this
      if (state.kind === 'idle' || state.kind === 'head') {
        const isOver = requests === MAX_REQUESTS_A_TURN || position >= MAX_BYTES_A_TURN
        if (isOver || this.wire.isBlocked) break
        requests += 1
        position = this.readHead(bytes, position)
      } else if (state.kind === 'body' && bodyForm !== undefined) {
        position = this.readBody(state.body, bodyForm, bytes, position)
      } else {
        break
      }
    }
    this.isReading = false
    return position
  }

  private readHead(bytes: Buffer, start: number): number {
    const { handler } = this
    const { head } = handler
    try {
      // An empty line (old clients send one behind a body) begins no request, so it must not start the head's clock.
      if (isEmptyLine(bytes, start)) return bytes.length
      const end = head.parse(bytes, start, bytes.length, handler.limits)
      if (this.state.kind === 'idle') this.state = advance(this.state, 'begins', STATES.head)
      if (end === INCOMPLETE) {
        this.state = { kind: 'head', buffer: new HeadBuffer(bytes, start) }
        this.rearm()
        return bytes.length
      }
      this.beginRequest(head)
      return end
    } catch (error) {
      this.refuse(protocolErrorOf(error))
      return bytes.length
    }
  }

  private beginRequest(head: RequestHead): void {
    const body = bodyOf(head.fields, this.handler.limits)
    if (body === undefined) this.state = advance(this.state, 'ends', STATES.whole)
    else this.state = advance(this.state, 'bodyBegins', { kind: 'body', body })
    // The clock for the body runs once somebody takes it: see resumeBody.
    this.rearm()
    this.wire.sentBytes = 0
    this.stream = new Http1Stream(this, body)
    this.handler.onRequest(this.stream)
  }

  private readBody(body: RequestBody, form: BodyForm, bytes: Buffer, start: number): number {
    try {
      this.rearm()
      const position = body.read(bytes, start, form, this)
      if (this.state.kind !== 'body' || this.state.body !== body) return position
      if (body.isDone) this.endRequest(body)
      else body.shorten(this.wire, bytes.length, this.handler.pipes, this.stream?.sink)
      return position
    } catch (error) {
      this.stream?.sink.onRequestFault(protocolErrorOf(error))
      return bytes.length
    }
  }

  private endRequest({ trailers }: RequestBody): void {
    this.state = advance(this.state, 'ends', STATES.whole)
    this.rearm()
    this.stream?.sink.onRequestEnd(trailers)
  }

  private hold(bytes: Buffer): void {
    this.idling.end()
    this.held = this.held === undefined ? retained(bytes) : Buffer.concat([this.held, bytes])
    this.wire.pause()
  }

  /** The head is no request: answers it, and reads nothing further. */
  private refuse(error: ProtocolError): void {
    refuseHead(this, error)
    this.close()
  }
}
