/** One request of the admin API on a client's stream: reads its body as far as it is asked for, and sends the response. */
import type { ProtocolError } from '../errors.ts'
import { frameResponse } from '../http1/framing.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { inEvent, type ReportFault } from '../net/event.ts'
import type { ClientStream, Problem, RequestSink } from '../stream/client-stream.ts'
import type { ByteBudget } from './byte-budget.ts'
import { type AdminRequest, type Asked, type BodyRead, readAsked } from './request.ts'
import { renderHead } from './response.ts'
import type { AdminHandler } from './routes.ts'

export interface ExchangeServices {
  readonly handler: AdminHandler
  /** For bodies until their request is over, and for large answers until the client has taken them. */
  readonly bodies: ByteBudget
  readonly answers: ByteBudget
  readonly limits: HttpLimits
  /** The parser of the API's own response heads. */
  readonly responseHead: ResponseHead
  readonly reportFault: ReportFault
}

/** A body on its way in. */
interface Incoming {
  /** bytes[0..length): a list of its pieces could weigh a hundred times as much. */
  bytes: Buffer
  length: number
  readonly maxBytes: number
  readonly settle: (read: BodyRead) => void
}

/** What of a stream's reader is used; its types differ between Bun's and the web's. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

const SMALL_BYTES = 64 * 1024

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

export class AdminExchange implements RequestSink, AdminRequest {
  readonly path: string
  readonly query: string | undefined
  readonly method: string
  private readonly services: ExchangeServices
  private readonly stream: ClientStream
  private readonly asked: Asked
  private readonly onOver: () => void
  private incoming: Incoming | undefined = undefined
  /** Bytes of the body, of `bodies`. */
  private held = 0
  private isOver = false
  private hasBegun = false
  /** Resolves when the client takes more, or has gone. */
  private resume: (() => void) | undefined = undefined
  /** Of a response that is streamed. */
  private reader: Reader | undefined = undefined

  /** Within the event that brought `head`. `onOver`: nothing of it is under way any more. */
  constructor(services: ExchangeServices, stream: ClientStream, head: RequestHead, onOver: () => void) {
    this.services = services
    this.stream = stream
    this.asked = readAsked(head)
    this.onOver = onOver
    this.path = this.asked.path
    this.query = this.asked.query
    this.method = this.asked.method
    stream.sink = this
  }

  async run(): Promise<void> {
    const { handler, reportFault } = this.services
    const address = this.stream.peer.address
    try {
      await this.respond(await handler(this, address === '' ? undefined : address))
    } catch (error) {
      reportFault(error)
      this.act(() => this.stream.cut())
      this.end()
    }
  }

  get hasBody(): boolean {
    return this.asked.contentLength !== 0
  }

  field(name: string): string | undefined {
    return this.asked.fields.get(name)
  }

  readBody(maxBytes: number): Promise<BodyRead> {
    const { contentLength } = this.asked
    if (this.isOver) return Promise.resolve({ kind: 'gone' })
    if (contentLength === 0) return Promise.resolve({ kind: 'bytes', bytes: new Uint8Array() })
    if (contentLength !== undefined && contentLength > maxBytes) return Promise.resolve({ kind: 'too-large' })
    if (!this.hold(contentLength ?? 0)) return Promise.resolve({ kind: 'no-room' })
    const { promise, resolve } = Promise.withResolvers<BodyRead>()
    this.incoming = { bytes: Buffer.alloc(0), length: 0, maxBytes, settle: resolve }
    this.act(() => {
      if (this.field('expect')?.toLowerCase() === '100-continue') this.stream.sendInterim(this.parse(CONTINUE))
      this.stream.resumeBody('data')
    })
    return promise
  }

  // The stream reports.

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { incoming } = this
    if (incoming === undefined) return
    const length = incoming.length + end - start
    const isKnown = this.asked.contentLength !== undefined
    if (length > incoming.maxBytes) return this.settle({ kind: 'too-large' })
    if (!isKnown && !this.hold(end - start)) return this.settle({ kind: 'no-room' })
    const held = incoming.bytes
    if (length > held.length) incoming.bytes = Buffer.concat([held], Math.max(length, 2 * held.length))
    bytes.copy(incoming.bytes, incoming.length, start, end)
    incoming.length = length
  }

  onRequestEnd(): void {
    const { incoming } = this
    if (incoming !== undefined) this.settle({ kind: 'bytes', bytes: incoming.bytes.subarray(0, incoming.length) })
  }

  onRequestFault({ status, message }: ProtocolError): void {
    if (this.isOver) return
    this.settle({ kind: 'gone' })
    if (!this.hasBegun) return this.refuse({ status, detail: message })
    this.stream.cut()
    this.end()
  }

  onClientBlocked(isBlocked: boolean): void {
    if (!isBlocked) this.wake()
  }

  onClientGone(): void {
    this.settle({ kind: 'gone' })
    this.end()
  }

  private settle(read: BodyRead): void {
    const { incoming } = this
    this.incoming = undefined
    if (incoming === undefined) return
    if (!this.isOver && read.kind !== 'bytes') this.stream.pauseBody()
    incoming.settle(read)
  }

  private async respond(response: Response): Promise<void> {
    const { body } = response
    if (this.isOver) await body?.cancel()
    else if (body === null) await this.sendWhole(response, new Uint8Array())
    else if (response.headers.has('content-length')) await this.sendBytes(response)
    else await this.sendStream(response, body.getReader())
    this.end()
  }

  /** Of known length: held until the client has taken it. */
  private async sendBytes(response: Response): Promise<void> {
    const { answers } = this.services
    const bytes = new Uint8Array(await response.arrayBuffer())
    // Small ones are answered in any case: whoever asks for the health is not to suffer from scrapers that read slowly.
    const counted = bytes.length > SMALL_BYTES ? bytes.length : 0
    if (!answers.take(counted))
      return this.refuse({ status: 503, detail: 'too much is being sent', retryAfterSeconds: 1 })
    try {
      await this.sendWhole(response, bytes)
    } finally {
      answers.give(counted)
    }
  }

  private async sendWhole(response: Response, bytes: Uint8Array): Promise<void> {
    this.act(() => {
      this.sendHead(response)
      if (bytes.length > 0) this.stream.sendBody(Buffer.from(bytes.buffer, 0, bytes.length), 0, bytes.length)
    })
    if (this.stream.isBlocked && !this.isOver) await this.unblocked()
    this.finish()
  }

  /** Behind it the connection may bring its next request at once: nothing of this one is to follow. */
  private finish(): void {
    this.act(() => {
      this.end()
      this.stream.sendEnd(undefined)
    })
  }

  /** As `finish`. */
  private refuse(problem: Problem): void {
    this.act(() => {
      this.end()
      this.stream.refuse(problem)
    })
  }

  /** Goes on until it ends or the client leaves; what the client does not take stays with the stream's source. */
  private async sendStream(response: Response, reader: Reader): Promise<void> {
    this.reader = reader
    this.act(() => this.sendHead(response))
    for (;;) {
      const piece = await reader.read().catch(() => undefined)
      if (this.isOver) return
      // The source has given the client up.
      if (piece === undefined) return this.act(() => this.stream.cut())
      if (piece.done || piece.value === undefined) return this.finish()
      // A copy: what is sent may be given away, and other watchers get the same bytes.
      const bytes = Buffer.from(piece.value)
      this.act(() => this.stream.sendBody(bytes, 0, bytes.length))
      if (this.stream.isBlocked) await this.unblocked()
      if (this.isOver) return
    }
  }

  private sendHead(response: Response): void {
    const { isHead } = this.asked
    this.hasBegun = true
    const head = this.parse(renderHead(response, isHead))
    this.stream.sendHead(head, frameResponse(head.fields, head.status, isHead))
  }

  private parse(bytes: Buffer): ResponseHead {
    const { responseHead, limits } = this.services
    responseHead.parse(bytes, 0, bytes.length, limits)
    return responseHead
  }

  private unblocked(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.resume = resolve
    return promise
  }

  private wake(): void {
    this.resume?.()
    this.resume = undefined
  }

  /** Bytes of the body that others can't have meanwhile. */
  private hold(bytes: number): boolean {
    if (!this.services.bodies.take(bytes)) return false
    this.held += bytes
    return true
  }

  /** Nothing that was awaited came in an event of the socket. */
  private act(task: () => void): void {
    if (!this.isOver) inEvent(this.services.reportFault, task)
  }

  private end(): void {
    if (this.isOver) return
    this.isOver = true
    this.services.bodies.give(this.held)
    this.held = 0
    this.wake()
    void this.reader?.cancel().catch(() => undefined)
    this.onOver()
  }
}
