/**
 * The seam between whoever sent a request and the exchange that answers it: a stream takes a response, a sink takes the
 * request. HTTP/1 and whatever is spoken later are streams; the exchange knows none of them.
 */
import type { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Passage } from '../net/passage.ts'
import type { Wire } from '../net/wire.ts'
import type { BodyForm, HandedOver } from './body-form.ts'
import type { Peer } from './peer.ts'

/** A response of our own: what went wrong, in a form that every protocol can tell. */
export interface Problem {
  /** 400..599; with `content` any final one. */
  readonly status: number
  /** One sentence for people: which rule was broken, or what is missing. */
  readonly detail: string
  /** What a call of gRPC is told of it; absent: what `status` comes to in its words. */
  readonly grpcStatus?: number
  /** Whole seconds. */
  readonly retryAfterSeconds?: number
  /** Field lines with CRLF each, one character a byte. */
  readonly lines?: string
  /** No further request is answered on the connection. */
  readonly closes?: true
  /** Sent instead of the problem: nothing has gone wrong, yet the request ends here. */
  readonly content?: OwnContent
}

export interface OwnContent {
  /** Media type; undefined: there is none, and `text` is empty. */
  readonly type: string | undefined
  /** One character a byte. */
  readonly text: string
}

/** The first line of a request, one character a byte. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  /** `HTTP/1.1`. */
  readonly protocol: string
}

/** Who sent a request and takes its response. Every call comes in the middle of one event. */
export interface ClientStream {
  readonly peer: Peer
  /** The form in which it takes a chunked body. */
  readonly bodyForm: BodyForm
  /** Its version of HTTP for Via (RFC 9110 7.6.3), where that is not what its head says; absent: it is. */
  readonly version?: '2' | '3' | undefined
  /** A call of gRPC-Web that was made one of gRPC; absent: it is none. */
  readonly isCall?: true
  /** It asks for another protocol, which we would pass on (RFC 9110 7.8). */
  readonly isUpgrade: boolean
  /** The request has been read to its end. */
  readonly isWhole: boolean
  /** The client takes no more bytes for now. */
  readonly isBlocked: boolean
  /** Hears of the request from now on; set once, while the head is handed on. */
  sink: RequestSink
  /** Costs a tenth of reading the head. */
  readLine(): RequestLine
  /** Reads the head again, which costs a microsecond: for errors and later attempts. Valid until the event is over. */
  readHead(): RequestHead
  /** No body bytes for now: whoever holds things up is not the client. */
  pauseBody(): void
  /** Body bytes are taken (again), in that form. */
  resumeBody(form: BodyForm): void
  /** A chunked body that has more bytes of content is a fault (413). Before any of it is taken. */
  limitBody(maxBytes: number): void
  /** Passes on a 1xx other than 101. Spoils `head` for other use, as `sendHead` does. */
  sendInterim(head: ResponseHead): void
  /** The final head; `body` tells how the backend delimits what follows: 'chunked' only what then comes in its `bodyForm`. */
  sendHead(head: ResponseHead, body: BodyKind): void
  sendBody(bytes: Buffer, start: number, end: number): void
  /** Where a body of known length may go as it comes; absent: it goes by `sendBody`. */
  readonly bodyWire?: Wire | undefined
  /** The response is whole and the stream over. */
  sendEnd(trailers: FieldSection | undefined): void
  /** Answers with a response of our own, once, before any head has gone out; the stream is over. */
  refuse(problem: Problem): void
  /** Bytes of content that `refuse` would send; costs as much as that. */
  contentBytes(problem: Problem): number
  /** Over, and seen as truncated by the client, or told of `problem` where what it speaks has a way to say so at the end. */
  cut(problem?: Problem): void
  /** Sends the 101 and gives the connection away; only for an upgrade. */
  handOver(head: ResponseHead): HandedOver
  /**
   * Of a connection in TCP mode: gives it away without a message, as soon as that to a backend stands. Absent: it waits for
   * a response.
   */
  readonly join?: (() => HandedOver) | undefined
}

/** What answers one request: hears of it until the stream is over. */
export interface RequestSink {
  /** bytes[start..end) of the body, in the form that `resumeBody` asked for. */
  onRequestBody(bytes: Buffer, start: number, end: number): void
  /** Where the rest of a body of known length may go as it comes; absent: it goes by `onRequestBody`. */
  passage?(): Passage | undefined
  /** `trailers` stay valid. */
  onRequestEnd(trailers: FieldSection | undefined): void
  /** The body breaks HTTP's rules or came too slowly; nothing more will be read. */
  onRequestFault(error: ProtocolError): void
  /** The client takes the response too slowly (true) or has caught up (false). */
  onClientBlocked(isBlocked: boolean): void
  /** The client has left; the stream is over. */
  onClientGone(): void
}
