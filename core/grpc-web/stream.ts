/**
 * A call of gRPC-Web as one of gRPC: stands between its client's stream and the exchange, which sees a call like any other.
 * Nothing is gathered: each piece of a body is passed on as it comes, in the form that the other side takes.
 */
import { markNames } from '../forward/forwarded-fields.ts'
import { ProtocolError, protocolErrorOf } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import { isGrpc } from '../http1/grpc.ts'
import { MAX_FIELDS } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import { NOBODY } from '../stream/nobody.ts'
import type { Peer } from '../stream/peer.ts'
import { Base64Reader, toBase64 } from './base64.ts'
import { grpcHeadOf, type WebCall, webCallOf } from './call.ts'
import { MAX_MESSAGE_FLAGS, MessageReader } from './message-reader.ts'
import { frameOfTrailers, problemFrame, takeTrailers } from './trailers.ts'

const LINE_END = Buffer.from('\r\n')

/** The client's own head was within its bounds, and ours is some bytes longer. */
const LIMITS = { maxHeadBytes: 1 << 24, maxTargetBytes: 1 << 24, maxFields: MAX_FIELDS }

/** `client` as one that speaks gRPC; itself, when its request is no call of gRPC-Web. `head` holds the request's now, and what it becomes behind this. */
export function grpcClient(client: ClientStream, head: RequestHead): ClientStream {
  const call = client.isUpgrade ? undefined : webCallOf(head)
  return call === undefined ? client : new GrpcWebStream(client, head, call)
}

class GrpcWebStream implements ClientStream, RequestSink {
  readonly bodyForm = 'data'
  readonly isCall = true
  readonly isUpgrade = false
  sink: RequestSink = NOBODY
  private readonly client: ClientStream
  private readonly call: WebCall
  private readonly head: RequestHead
  private readonly bytes: Buffer
  private readonly base64: Base64Reader | undefined
  private readonly requestMessages = new MessageReader(MAX_MESSAGE_FLAGS)
  private readonly isChunked: boolean
  /** In which whoever answers takes a chunked body; it comes as data. */
  private form: BodyForm = 'data'
  /** Content that may still come. */
  private left = Infinity
  private maxBytes = Infinity
  /** Of a response of gRPC; undefined: none has begun, or it is no such. */
  private responseMessages: MessageReader | undefined = undefined
  /** What the head of the response says at the end of it. */
  private frame: Buffer | undefined = undefined

  constructor(client: ClientStream, head: RequestHead, call: WebCall) {
    this.client = client
    this.call = call
    this.head = head
    this.base64 = call.request === 'text' ? new Base64Reader() : undefined
    this.bytes = grpcHeadOf(head, call)
    this.isChunked = this.readHead().fields.isChunked
    client.sink = this
  }

  get peer(): Peer {
    return this.client.peer
  }

  get version(): ClientStream['version'] {
    return this.client.version
  }

  get isWhole(): boolean {
    return this.client.isWhole
  }

  get isBlocked(): boolean {
    return this.client.isBlocked
  }

  readLine(): RequestLine {
    return this.client.readLine()
  }

  readHead(): RequestHead {
    this.head.parse(this.bytes, 0, this.bytes.length, LIMITS)
    return this.head
  }

  // The request.

  pauseBody(): void {
    this.client.pauseBody()
  }

  resumeBody(form: BodyForm): void {
    this.form = form
    this.client.resumeBody('data')
  }

  limitBody(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.left = maxBytes
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    try {
      if (this.base64 === undefined) return this.take(bytes, start, end)
      const content = this.base64.read(bytes, start, end)
      if (content.length > 0) this.take(content, 0, content.length)
    } catch (error) {
      this.refuseBody(protocolErrorOf(error))
    }
  }

  private take(bytes: Buffer, start: number, end: number): void {
    this.left -= end - start
    if (this.left < 0) throw new ProtocolError(`a body may have at most ${this.maxBytes} bytes here`, 413)
    this.requestMessages.follow(bytes, start, end)
    if (this.form === 'data' || !this.isChunked) return this.sink.onRequestBody(bytes, start, end)
    const size = Buffer.from(`${(end - start).toString(16)}\r\n`, 'latin1')
    const chunk = Buffer.concat([size, bytes.subarray(start, end), LINE_END])
    this.sink.onRequestBody(chunk, 0, chunk.length)
  }

  onRequestEnd(): void {
    if (this.base64?.isBetween !== false && this.requestMessages.isBetween) this.sink.onRequestEnd(undefined)
    else this.refuseBody(new ProtocolError('the body ends within a message'))
  }

  onRequestFault(error: ProtocolError): void {
    this.sink.onRequestFault(error)
  }

  onClientBlocked(isBlocked: boolean): void {
    this.sink.onClientBlocked(isBlocked)
  }

  onClientGone(): void {
    this.sink.onClientGone()
  }

  /** Nothing that still comes of it is heard. */
  private refuseBody(error: ProtocolError): void {
    const { sink } = this
    this.sink = NOBODY
    sink.onRequestFault(error)
  }

  // The response.

  sendInterim(head: ResponseHead): void {
    this.client.sendInterim(head)
  }

  /**
   * What is no gRPC goes as it is: clients take its status for what it says. Its chunks have come as data, whatever the client
   * takes them as: for that they are content of unknown length, or they would be read as what delimits it.
   */
  sendHead(head: ResponseHead, body: BodyKind): void {
    const { fields } = head
    if (head.status !== 200 || !isGrpc(fields))
      return this.client.sendHead(head, body === 'chunked' ? 'until-close' : body)
    this.responseMessages = new MessageReader(0xff)
    this.frame = takeTrailers(fields)
    markNames(fields, ['content-type', 'content-length'])
    const suffix = /\+[^; \t]+/.exec(fields.valueNamed('content-type') ?? '')?.[0] ?? this.call.suffix
    head.added += `Content-Type: ${this.type(suffix)}\r\n`
    this.client.sendHead(head, 'until-close')
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.responseMessages === undefined) return this.client.sendBody(bytes, start, end)
    this.responseMessages.follow(bytes, start, end)
    this.pass(bytes, start, end)
  }

  sendEnd(trailers: FieldSection | undefined): void {
    if (this.responseMessages === undefined) return this.client.sendEnd(trailers)
    this.endWith(trailers === undefined && this.frame !== undefined ? this.frame : frameOfTrailers(trailers))
  }

  /** Within a message nothing else can be told. */
  cut(problem?: Problem): void {
    if (problem === undefined || this.responseMessages?.isBetween !== true) this.client.cut()
    else this.endWith(problemFrame(problem))
  }

  refuse(problem: Problem): void {
    this.client.refuse(this.translated(problem))
  }

  contentBytes(problem: Problem): number {
    return this.client.contentBytes(this.translated(problem))
  }

  handOver(): HandedOver {
    throw new Error('a call of gRPC-Web is no upgrade')
  }

  private endWith(frame: Buffer): void {
    this.pass(frame, 0, frame.length)
    this.client.sendEnd(undefined)
  }

  private pass(bytes: Buffer, start: number, end: number): void {
    if (this.call.response === 'binary') return this.client.sendBody(bytes, start, end)
    const text = toBase64(bytes, start, end)
    this.client.sendBody(text, 0, text.length)
  }

  private translated(problem: Problem): Problem {
    const { status, content } = problem
    if (content !== undefined || status < 400) return problem
    const frame = problemFrame(problem)
    const text = this.call.response === 'text' ? frame.toString('base64') : frame.toString('latin1')
    return { ...problem, status: 200, content: { type: this.type(this.call.suffix), text } }
  }

  private type(suffix: string): string {
    return `application/grpc-web${this.call.response === 'text' ? '-text' : ''}${suffix}`
  }
}
