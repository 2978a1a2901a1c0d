/**
 * One request of `Bun.serve` and its response as a stream: its head in the one form that heads have here, its body as it is
 * asked for, and one time-out. Connections are Bun's: what it knows of them it tells nobody.
 */
import { ProtocolError, protocolErrorOf } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { StreamFault } from '../http2/errors.ts'
import { inEvent, type ReportFault } from '../net/event.ts'
import { type TimerEntry, unarmed } from '../net/timer-wheel.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import { NOBODY } from '../stream/nobody.ts'
import type { Peer } from '../stream/peer.ts'
import { tooLate } from './http1-states.ts'
import { type BodyOwner, Http2RequestBody } from './http2-request-body.ts'
import { contentBytes, renderGrpcProblem, renderProblem, type Respondent, STRANGER } from './own-response.ts'
import type { RequestHandler } from './request-handler.ts'
import { headOf, isCall } from './serve-head.ts'
import { type ResponseOwner, ServedResponse, servedHead, servedWhole } from './serve-response.ts'

/** Where a request has come in. */
export interface ServeCarrier {
  readonly handler: RequestHandler
  readonly peer: Peer
  readonly reportFault: ReportFault
  /** What the client speaks, where that is known; undefined: HTTP/1.1, or HTTP/2. */
  readonly version: '3' | undefined
  /** No further request is wanted on its connection. */
  isLeaving(): boolean
  /** Its connection may be silent for so long from now on, in ms; 0: for ever. */
  allowSilence(ms: number): void
  /** What was begun with `serveRequest` is over. */
  onOver(stream: ServeStream): void
}

/** Answers a request; never rejects. `onBegun`: it has become a stream, before anything is done about it. */
export function serveRequest(
  carrier: ServeCarrier,
  request: Request,
  onBegun: (stream: ServeStream) => void,
): Promise<Response> {
  const { handler } = carrier
  let bytes: Buffer
  try {
    bytes = headOf(request)
    handler.head.parse(bytes, 0, bytes.length, handler.limits)
  } catch (error) {
    return Promise.resolve(refuseHead(carrier, request, protocolErrorOf(error)))
  }
  handler.counters.bytesFromClients += bytes.length
  const stream = new ServeStream(carrier, request, bytes)
  onBegun(stream)
  carrier.allowSilence(0)
  handler.onRequest(stream)
  return stream.response
}

/** Answers what is no request. */
function refuseHead({ handler, peer }: ServeCarrier, { headers }: Request, error: ProtocolError): Response {
  const problem = { status: error.status, detail: error.message }
  const isOfCall = isCall(headers.get('content-type') ?? '')
  handler.onRefusal({ ...problem, peer, contentBytes: () => (isOfCall ? 0 : contentBytes(problem, STRANGER)) })
  const dateLine = handler.dateLine()
  return servedWhole(isOfCall ? renderGrpcProblem(problem, dateLine) : renderProblem(problem, STRANGER, dateLine), true)
}

const SPACE = 0x20

export class ServeStream implements ClientStream, BodyOwner, ResponseOwner, TimerEntry {
  readonly timer = unarmed()
  /** Of streams of HTTP/2 alone. */
  readonly id = 0
  readonly bodyForm: BodyForm = 'data'
  readonly isUpgrade = false
  readonly isTunnel = false
  sink: RequestSink = NOBODY
  hasRemoteEnded: boolean
  private readonly carrier: ServeCarrier
  private readonly bytes: Buffer
  private readonly isHead: boolean
  private readonly answer: ServedResponse
  private readonly body: Http2RequestBody
  private readonly reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'> | undefined
  private isTaken = false
  private isReading = false
  private isOver = false
  private wasBlocked = false

  /** `carrier.handler.head` holds the request's head now, read from `bytes`. */
  constructor(carrier: ServeCarrier, request: Request, bytes: Buffer) {
    const { head } = carrier.handler
    this.carrier = carrier
    this.bytes = bytes
    this.isHead = head.isHead
    this.answer = new ServedResponse(this)
    this.reader = request.body?.getReader()
    this.hasRemoteEnded = this.reader === undefined
    this.body = new Http2RequestBody(this, head.fields.contentLength, this.hasRemoteEnded)
    request.signal.addEventListener('abort', () => this.inEvent(() => this.leaveClient()))
  }

  get response(): Promise<Response> {
    return this.answer.response
  }

  get peer(): Peer {
    return this.carrier.peer
  }

  get version(): '3' | undefined {
    return this.carrier.version
  }

  get isWhole(): boolean {
    return this.body.isWhole
  }

  get isBlocked(): boolean {
    return this.answer.isBlocked
  }

  readHead(): RequestHead {
    const { head, limits } = this.carrier.handler
    head.parse(this.bytes, 0, this.bytes.length, limits)
    return head
  }

  readLine(): RequestLine {
    const { bytes } = this
    const methodEnd = bytes.indexOf(SPACE)
    const targetEnd = bytes.indexOf(SPACE, methodEnd + 1)
    return {
      method: bytes.toString('latin1', 0, methodEnd),
      target: bytes.toString('latin1', methodEnd + 1, targetEnd),
      protocol: this.carrier.version === '3' ? 'HTTP/3' : 'HTTP/1.1',
    }
  }

  // The request.

  limitBody(maxBytes: number): void {
    this.body.limit(maxBytes)
  }

  pauseBody(): void {
    this.isTaken = false
    this.body.pause()
    this.onProgress()
  }

  resumeBody(form: BodyForm): void {
    if (this.isOver) return
    this.isTaken = true
    this.body.resume(form)
    this.onProgress()
    this.read()
  }

  /** Asks for a piece of the body, where somebody takes it. */
  private read(): void {
    const { reader } = this
    if (reader === undefined || !this.isTaken || this.isReading || this.hasRemoteEnded || this.isOver) return
    this.isReading = true
    reader.read().then(
      ({ value }) => this.inEvent(() => this.onRead(value)),
      () => this.inEvent(() => this.leaveClient()),
    )
  }

  /** undefined: it is over. */
  private onRead(piece: Uint8Array | undefined): void {
    this.isReading = false
    if (this.isOver) return
    try {
      if (piece === undefined) this.endBody()
      else this.takePiece(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error
      this.isTaken = false
      this.sink.onRequestFault(new ProtocolError(error.message))
    }
    this.read()
  }

  private takePiece(bytes: Buffer): void {
    this.carrier.handler.counters.bytesFromClients += bytes.length
    this.body.onContent(bytes, 0, bytes.length)
    this.onProgress()
  }

  private endBody(): void {
    this.hasRemoteEnded = true
    this.body.checkEnd()
    this.body.onRemoteEnd(undefined)
    this.onProgress()
  }

  /** Windows are Bun's. */
  creditConnection(): void {}

  widenWindow(): void {}

  // The response.

  /** Bun has no interim responses. */
  sendInterim(): void {}

  sendHead(head: ResponseHead, _body: BodyKind): void {
    this.carrier.handler.counters.bytesToClients += head.fields.end - head.start
    this.answer.begin(servedHead(head, this.closes))
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.isOver) return
    this.carrier.handler.counters.bytesToClients += end - start
    this.answer.send(bytes, start, end)
    this.onProgress()
    if (!this.answer.isBlocked || this.wasBlocked) return
    this.wasBlocked = true
    this.sink.onClientBlocked(true)
  }

  /** Trailers have no way to go. */
  sendEnd(_trailers: FieldSection | undefined): void {
    this.leave()
    this.answer.end()
  }

  refuse(problem: Problem): void {
    const { handler } = this.carrier
    const closes = problem.closes === true || this.closes
    const bytes = renderProblem(problem, this.respondent(), handler.dateLine())
    handler.counters.bytesToClients += bytes.length
    this.leave()
    this.answer.answer(servedWhole(bytes, closes))
  }

  contentBytes(problem: Problem): number {
    return contentBytes(problem, this.respondent())
  }

  cut(problem?: Problem): void {
    if (this.isOver) return
    if (problem !== undefined && this.answer.isUnsent) return this.refuse(problem)
    this.leave()
    this.answer.cut()
  }

  handOver(): HandedOver {
    throw new Error('a request of Bun.serve gives no connection away')
  }

  /** The client takes more. */
  onRoom(): void {
    if (!this.wasBlocked || this.isOver) return
    this.inEvent(() => {
      this.wasBlocked = false
      this.onProgress()
      this.sink.onClientBlocked(false)
    })
  }

  onGone(): void {
    this.inEvent(() => this.leaveClient())
  }

  private get closes(): boolean {
    return this.carrier.isLeaving() || this.carrier.handler.crowd.isThere
  }

  private respondent(): Respondent {
    const accept = this.readHead().fields.valueNamed('accept')
    return { accept, isHead: this.isHead, isOldClient: false, persists: true }
  }

  inEvent(task: () => void): void {
    inEvent(this.carrier.reportFault, task)
  }

  // Its end.

  private leaveClient(): void {
    if (this.isOver) return
    this.leave()
    this.answer.drop()
    this.sink.onClientGone()
  }

  /** Everything that it held is free; said once, before the last of the response goes out. */
  private leave(): void {
    const { carrier, reader } = this
    this.isOver = true
    carrier.handler.wheel.remove(this)
    this.body.drop()
    if (reader !== undefined && !this.hasRemoteEnded) reader.cancel().catch(() => undefined)
    carrier.allowSilence(carrier.handler.timeouts.keepAliveMs)
    carrier.onOver(this)
  }

  /** The one time-out: it runs while the client is the one to wait for. */
  private onProgress(): void {
    const { wheel, timeouts } = this.carrier.handler
    if (this.isOver) return
    if (this.isBlocked || this.body.isAwaited) wheel.arm(this, timeouts.bodyMs)
    else wheel.disarm(this)
  }

  onTimeout(): void {
    if (this.isBlocked) {
      this.answer.cut()
      this.leaveClient()
    } else if (!this.isWhole) {
      this.pauseBody()
      this.sink.onRequestFault(tooLate('body'))
    }
  }
}
