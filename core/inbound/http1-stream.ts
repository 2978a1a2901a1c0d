/**
 * One HTTP/1 request and its response as a stream: what must be remembered of the head, since the parser that read it
 * goes on to other messages, and how the response is framed for this client. Reading is the connection's business.
 */
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { lastChunk } from '../http1/trailers.ts'
import { acceptsTrailers, isUpgrade } from '../forward/rewrite-request.ts'
import type { DateLine } from '../forward/date-line.ts'
import {
  codingFor,
  type ResponseCoding,
  responseHeadRoom,
  type ResponseRewrite,
  writeResponseHead,
} from '../forward/rewrite-response.ts'
import { commit, MAX_GATHERED_BYTES, outbox } from '../net/outbox.ts'
import { retained } from '../net/retained.ts'
import type { Wire } from '../net/wire.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import { NOBODY } from '../stream/nobody.ts'
import type { Peer } from '../stream/peer.ts'
import type { RequestBody } from './request-body.ts'
import type { RequestHandler } from './request-handler.ts'
import { contentBytes, type Respondent, sendProblem } from './own-response.ts'

/** The connection that a stream is on. */
export interface Http1Carrier {
  readonly wire: Wire
  readonly peer: Peer
  readonly handler: Pick<RequestHandler, 'head' | 'limits' | 'dateLine' | 'crowd'>
  /** The request has been read to its end. */
  readonly isRequestWhole: boolean
  /** No further request will be read. */
  readonly isLastRequest: boolean
  pauseBody(): void
  resumeBody(form: BodyForm): void
  /** The exchange is over. Unless requests may follow, the connection closes behind what was sent. */
  finish(behind: Behind): void
  cut(): void
  handOver(): HandedOver
}

/** What may come of a client behind the request that was answered; 'unknown': nothing that is wanted. */
export type Behind = 'requests' | 'nothing' | 'unknown'

const SPACE = 0x20
const LINE_END = Buffer.from('\r\n')

export class Http1Stream implements ClientStream, ResponseRewrite {
  readonly isUpgrade: boolean
  /** The final head has gone out. */
  private hasResponded = false
  sink: RequestSink = NOBODY
  private readonly carrier: Http1Carrier
  /** HTTP/1.0: no chunks, no interim responses. */
  readonly isOldClient: boolean
  private readonly takesTrailers: boolean
  private readonly wantsKeepAlive: boolean
  private readonly bytes: Buffer
  private readonly start: number
  coding: ResponseCoding = 'none'
  persists = false
  /** undefined: it has none. */
  private readonly body: RequestBody | undefined

  /** `carrier.handler.head` holds the request's head now. */
  constructor(carrier: Http1Carrier, body: RequestBody | undefined) {
    const { head } = carrier.handler
    this.carrier = carrier
    this.body = body
    this.isOldClient = head.minorVersion === 0
    this.isUpgrade = head.fields.connection !== 0 && isUpgrade(head)
    this.takesTrailers = acceptsTrailers(head)
    this.wantsKeepAlive = head.wantsKeepAlive
    // A large buffer holds a body as well, whose wire frees it: see Wire.write.
    const isAlone = head.bytes.length <= MAX_GATHERED_BYTES
    this.bytes = isAlone ? retained(head.bytes) : Buffer.from(head.bytes.subarray(head.start, head.fields.end))
    this.start = isAlone ? head.start : 0
  }

  get peer(): Peer {
    return this.carrier.peer
  }

  get dateLine(): DateLine {
    return this.carrier.handler.dateLine
  }

  get bodyForm(): BodyForm {
    return this.isOldClient ? 'data' : 'chunks'
  }

  get isWhole(): boolean {
    return this.carrier.isRequestWhole
  }

  get isBlocked(): boolean {
    return this.carrier.wire.isBlocked
  }

  /**
   * A client that ends its side now may be waiting all the same: it has part of its response, or asked for a close behind
   * it (RFC 9112 9.6).
   */
  get mayBeHalfClosed(): boolean {
    return this.hasResponded || !this.wantsKeepAlive
  }

  readHead(): RequestHead {
    const { head, limits } = this.carrier.handler
    head.parse(this.bytes, this.start, this.bytes.length, limits)
    return head
  }

  readLine(): RequestLine {
    const { bytes, start } = this
    const methodEnd = bytes.indexOf(SPACE, start)
    const targetEnd = bytes.indexOf(SPACE, methodEnd + 1)
    return {
      method: bytes.toString('latin1', start, methodEnd),
      target: bytes.toString('latin1', methodEnd + 1, targetEnd),
      protocol: this.isOldClient ? 'HTTP/1.0' : 'HTTP/1.1',
    }
  }

  pauseBody(): void {
    this.carrier.pauseBody()
  }

  limitBody(maxBytes: number): void {
    if (this.body !== undefined) this.body.maxBytes = maxBytes
  }

  resumeBody(form: BodyForm): void {
    this.carrier.resumeBody(form)
  }

  sendInterim(head: ResponseHead): void {
    // HTTP/1.0 has no interim responses (RFC 9110 15.2).
    if (!this.isOldClient) this.writeHead(head)
  }

  sendHead(head: ResponseHead, body: BodyKind): void {
    this.coding = codingFor(body, this.isOldClient)
    this.persists = this.mayPersist()
    this.hasResponded = true
    this.writeHead(head)
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    const { wire } = this.carrier
    if (this.coding !== 'chunking') {
      wire.write(bytes, start, end)
      return
    }
    const size = Buffer.from(`${(end - start).toString(16)}\r\n`, 'latin1')
    wire.write(size, 0, size.length)
    wire.write(bytes, start, end)
    wire.write(LINE_END, 0, LINE_END.length)
  }

  get bodyWire(): Wire | undefined {
    return this.coding === 'length' ? this.carrier.wire : undefined
  }

  sendEnd(trailers: FieldSection | undefined): void {
    if (this.coding === 'chunks' || this.coding === 'chunking') {
      const end = lastChunk(this.takesTrailers ? trailers : undefined)
      this.carrier.wire.write(end, 0, end.length)
    }
    this.finish(this.persists)
  }

  refuse(problem: Problem): void {
    this.coding = 'length'
    this.hasResponded = true
    const respondent = this.respondentFor(problem)
    sendProblem(this.carrier.wire, problem, respondent, this.carrier.handler.dateLine())
    this.finish(respondent.persists)
  }

  contentBytes(problem: Problem): number {
    return contentBytes(problem, this.respondentFor(problem))
  }

  private respondentFor({ closes }: Problem): Respondent {
    const { fields, isHead } = this.readHead()
    return {
      accept: fields.valueNamed('accept'),
      isHead,
      isOldClient: this.isOldClient,
      persists: closes !== true && this.mayPersist(),
    }
  }

  cut(): void {
    this.carrier.cut()
  }

  handOver(head: ResponseHead): HandedOver {
    this.hasResponded = true
    this.writeHead(head)
    return this.carrier.handOver()
  }

  private writeHead(head: ResponseHead): void {
    const at = this.carrier.wire.reserve(responseHeadRoom(head))
    commit(writeResponseHead(outbox.bytes, at, head, this))
  }

  /** A client that wants its connection closed sends nothing further on it (RFC 9112 9.6), unless it was still sending a body. */
  private finish(persists: boolean): void {
    const behind = persists ? 'requests' : this.wantsKeepAlive || this.body !== undefined ? 'unknown' : 'nothing'
    this.carrier.finish(behind)
  }

  private mayPersist(): boolean {
    const { carrier } = this
    if (carrier.handler.crowd.isThere) return false
    return this.wantsKeepAlive && this.coding !== 'close' && carrier.isRequestWhole && !carrier.isLastRequest
  }
}
