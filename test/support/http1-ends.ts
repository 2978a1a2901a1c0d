/** Both ends of an HTTP/1 hop without a socket: a connection to a backend joined to one from a client. */
import { Crowd } from '../../core/inbound/crowd.ts'
import { dateLines } from '../../core/forward/date-line.ts'
import type { RequestRewrite } from '../../core/forward/rewrite-request.ts'
import type { FieldSection } from '../../core/http1/field-section.ts'
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { Http1Connection as ClientConnection } from '../../core/inbound/http1-connection.ts'
import type { HalfClose, RequestHandler } from '../../core/inbound/request-handler.ts'
import { createTurns } from '../../core/inbound/turns.ts'
import type { Idle } from '../../core/net/budget.ts'
import { LinkedList } from '../../core/net/linked-list.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import { Http1Connection as BackendConnection } from '../../core/outbound/http1-connection.ts'
import type { BackendStream, ResponseSink } from '../../core/stream/backend-stream.ts'
import type { BodyForm } from '../../core/stream/body-form.ts'
import type { ClientStream, RequestSink } from '../../core/stream/client-stream.ts'
import { fail } from './fail.ts'
import { limits, textOf } from './http1-bytes.ts'
import { peerAt } from './peer-at.ts'
import type { VirtualClock } from './virtual-clock.ts'

export const clientTimeouts = { headMs: 10_000, bodyMs: 30_000, keepAliveMs: 75_000, tunnelMs: 3_600_000 }
export const backendTimeouts = {
  connectMs: 2000,
  responseMs: 30_000,
  idleMs: 60_000,
  keepAliveMs: 4000,
  maxAgeMs: 300_000,
}

/** Trailers as text, without an empty line. */
const trailersOf = (trailers: FieldSection | undefined): string =>
  trailers === undefined ? '' : textOf(trailers.bytes.subarray(trailers.start, trailers.end)).trim()

/** Writes down what a request brings, pieces of its body joined. */
export class RecordedRequest implements RequestSink {
  readonly stream: ClientStream
  readonly log: string[] = []
  body = ''
  private readonly onWhole: (request: RecordedRequest) => void

  constructor(stream: ClientStream, onWhole: (request: RecordedRequest) => void = () => undefined) {
    this.stream = stream
    this.onWhole = onWhole
    stream.sink = this
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    this.body += textOf(bytes.subarray(start, end))
  }

  onRequestEnd(trailers: FieldSection | undefined): void {
    this.log.push(`end ${trailersOf(trailers)}`.trim())
    this.onWhole(this)
  }

  onRequestFault(error: { readonly status: number }): void {
    this.log.push(`fault ${error.status}`)
  }

  onClientBlocked(isBlocked: boolean): void {
    this.log.push(isBlocked ? 'blocked' : 'drained')
  }

  onClientGone(): void {
    this.log.push('gone')
  }
}

/** From now on what `stream` brings is written down. */
export const recordRequest = (stream: ClientStream, onWhole?: (request: RecordedRequest) => void): RecordedRequest =>
  new RecordedRequest(stream, onWhole)

/** Writes down what a backend answers. */
export class RecordedResponse implements ResponseSink {
  readonly log: string[] = []
  body = ''
  onReady: () => void = () => undefined

  onMoved(_stream: BackendStream): void {
    this.log.push('moved')
  }

  onConnected(): void {
    this.log.push('connected')
    this.onReady()
  }

  onInterim(head: ResponseHead): void {
    this.log.push(`interim ${head.status}`)
  }

  onResponse(head: ResponseHead): void {
    this.log.push(`response ${head.status}`)
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.body += textOf(bytes.subarray(start, end))
  }

  onResponseEnd(trailers: FieldSection | undefined): void {
    this.log.push(`end ${trailersOf(trailers)}`.trim())
  }

  onFailure(cause: string, detail: string): void {
    this.log.push(`${cause}: ${detail}`)
  }

  onBackendBlocked(isBlocked: boolean): void {
    this.log.push(isBlocked ? 'blocked' : 'drained')
  }
}

export interface ClientSide {
  readonly connection: ClientConnection
  readonly requests: ClientStream[]
  /** Statuses of what was refused, and `closed`. */
  readonly log: string[]
  /** Where it waits while it is idle. */
  readonly idle: LinkedList<Idle>
  readonly crowd: Crowd
}

/** A connection from a client; `onRequest` answers. */
export function clientSide(
  clock: VirtualClock,
  onRequest: (stream: ClientStream, head: RequestHead) => void,
  halfClose: HalfClose = 'abort',
): ClientSide {
  const log: string[] = []
  const requests: ClientStream[] = []
  const idle = new LinkedList<Idle>()
  const crowd = new Crowd(clock)
  const head = new RequestHead(MAX_FIELDS)
  const handler: RequestHandler = {
    head,
    limits,
    timeouts: clientTimeouts,
    halfClose,
    wheel: new TimerWheel(clock, fail),
    turns: createTurns(clock, fail),
    dateLine: dateLines(clock),
    idle,
    crowd,
    counters: { bytesFromClients: 0, bytesToClients: 0 },
    onRequest(stream) {
      requests.push(stream)
      onRequest(stream, head)
    },
    onRefusal: ({ status }) => void log.push(`refused ${status}`),
  }
  const connection = new ClientConnection(handler, { onClosed: () => void log.push('closed') }, peerAt('192.0.2.1'))
  return { connection, requests, log, idle, crowd }
}

export interface BackendSide {
  readonly connection: BackendConnection
  /** `idle` and `gone`, as the pool hears them. */
  readonly log: string[]
  /** Gives it a request, whole but for its body. */
  ask(sink: ResponseSink, request: string, form?: BodyForm): void
}

/** A connection to a backend; `keeps`: whether its pool keeps it when it is free. */
export function backendSide(clock: VirtualClock, keeps = true): BackendSide {
  const log: string[] = []
  const owner = {
    head: new ResponseHead(MAX_FIELDS),
    limits,
    timeouts: backendTimeouts,
    wheel: new TimerWheel(clock, fail),
    quickWheel: new TimerWheel(clock, fail, 1),
    bodyForm: 'chunks' as const,
    counters: { bytesToBackend: 0, bytesFromBackend: 0 },
    onIdle() {
      log.push('idle')
      return keeps
    },
    onUnused: () => false,
    onGone: () => void log.push('gone'),
    onClosed() {},
  }
  const connection = new BackendConnection(owner)
  // Somebody waits for it to open.
  connection.sink = new RecordedResponse()
  const parser = new RequestHead(MAX_FIELDS)
  return {
    connection,
    log,
    ask(sink, request, form = 'chunks') {
      const bytes = Buffer.from(request, 'latin1')
      parser.parse(bytes, 0, bytes.length, limits)
      connection.sink = sink
      connection.sendHead(parser, plainRewrite, form)
    },
  }
}

/** Of a client that nobody trusts. */
export const plainRewrite: RequestRewrite = {
  client: { address: '192.0.2.1', isTrusted: false, scheme: 'http', forwardedFields: Buffer.alloc(0) },
  backendHost: 'backend',
  isUpgrade: false,
  hiddenCookie: undefined,
  writeRequestId: (out, at) => at + out.write('id', at, 'latin1'),
}
