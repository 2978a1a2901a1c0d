/**
 * The seam between an exchange and a backend: a stream takes one request, a sink takes what comes back. A source opens
 * streams to one backend, over connections that are its own business.
 */
import type { RequestRewrite } from '../forward/rewrite-request.ts'
import type { BodySink } from '../http1/body.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Passage } from '../net/passage.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Wire } from '../net/wire.ts'
import type { Peer } from './peer.ts'
import type { BodyForm, HandedOver } from './body-form.ts'

/**
 * Why an attempt failed, as strategies and counters name it. 'local': for want of something of our own, such as
 * descriptors or ports; nothing was sent, and nothing is known of the backend.
 */
export type FailureCause = 'connect' | 'timeout' | 'reset' | 'protocol' | 'local'

/** One request's way to a backend, and its response's way back. */
export interface BackendStream {
  /** The connection had served a request before: the backend may close it just as ours is on its way. */
  readonly isReused: boolean
  /** Some byte of a response has come. */
  readonly hasBegun: boolean
  /** The backend has said that it did nothing with the request, which may be made again whatever it asks for; absent: it can't say so. */
  readonly wasRefused?: boolean
  /** What a call of gRPC has come to, once that is known: with its head, where that is the whole response. Absent: it is none. */
  readonly grpcStatus?: number | undefined
  /** What a call of gRPC is told of how the backend has reset it; absent: it has not, or can't. */
  readonly grpcStatusOfReset?: number | undefined
  /** It speaks HTTP/1.1, and others of its pool may speak HTTP/2, which calls of gRPC need; absent: it takes them. */
  readonly takesNoCalls?: boolean
  /** The form in which it takes a chunked body; the same for all streams of a pool, since a body read in one is kept in it. */
  readonly bodyForm: BodyForm
  /** Hears what comes back; to be set as soon as the stream has been opened. */
  sink: ResponseSink | undefined
  /** Sends the head as `rewrite` says; `form`: how the sink wants a chunked response. Spoils `head` for other use. */
  sendHead(head: RequestHead, rewrite: RequestRewrite, form: BodyForm): void
  sendBody(bytes: Buffer, start: number, end: number): void
  /** Where a body of known length may go as it comes; absent: it goes by `sendBody`. */
  readonly bodyWire?: Wire | undefined
  /** The request is whole: from now on the backend is the one to wait for. */
  sendEnd(trailers: FieldSection | undefined): void
  /** The client can't take more for now. */
  pauseResponse(): void
  resumeResponse(): void
  /** Nobody wants a response any more; the sink hears nothing after it. */
  abort(): void
  /** Gives the connection away, behind a 101; or as it is connected, for one that is to carry no HTTP. */
  handOver(): HandedOver
}

/** Who sent the request and takes the response. `onBody` comes in the form asked for. */
export interface ResponseSink extends BodySink {
  /** `stream` takes the place of the one that was opened; nothing has been sent. `onConnected` follows, or `onFailure`. */
  onMoved(stream: BackendStream): void
  /** The connection is there: send the request. Not called for a stream that could be sent on at once. */
  onConnected(): void
  /** A 1xx response other than 101; more follows. The head is valid until the call returns. */
  onInterim(head: ResponseHead): void
  /** The final response's head, or a 101. */
  onResponse(head: ResponseHead, kind: BodyKind): void
  /** Where the rest of a body of known length may go as it comes; absent: it goes by `onBody`. */
  passage?(): Passage | undefined
  /** The response is whole. The connection is already free for others, or gone. */
  onResponseEnd(trailers: FieldSection | undefined): void
  /** There will be no (more) response. The connection is gone. `words`: why TLS with the backend failed, for operators alone. */
  onFailure(cause: FailureCause, detail: string, words?: string): void
  /** The backend takes the request too slowly (true) or has caught up (false). */
  onBackendBlocked(isBlocked: boolean): void
}

/**
 * 'any': one that is open already where there is one. 'checked': such a one of which is known that the backend has not
 * closed it, for a request that can't be sent twice. 'fresh': over a connection that has served nobody.
 */
export type StreamChoice = 'any' | 'checked' | 'fresh'

export interface StreamSource extends StreamOpener {
  /** Who opens those whose connection may be given away behind a 101; absent: it does so itself. */
  readonly forUpgrades?: StreamOpener
  /** Whether `open('any')` would give a stream now: a look at two numbers. Whoever owns it is told when that changes. */
  readonly hasRoom: boolean
}

export interface StreamOpener {
  /**
   * A stream; undefined: the backend's cap is reached. One that `isReused` takes its head at once, another tells its sink
   * `onConnected` or `onFailure` first, in a later event. `timeouts`: its own for this request; absent: the source's. `client`:
   * whose request it is, for backends that are told so by connection; absent: nobody's.
   */
  open(choice: StreamChoice, timeouts?: BackendTimeouts, client?: Peer): BackendStream | undefined
}
