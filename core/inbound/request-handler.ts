/** What connections to clients ask of the rest of SmartEdge, whatever protocol they speak. */
import type { DateLine } from '../forward/date-line.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Violation } from '../http2/abuse.ts'
import type { Idle } from '../net/budget.ts'
import type { LinkedList } from '../net/linked-list.ts'
import type { Entrant } from '../net/listener.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { ClientTimeouts } from '../net/timeouts.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { Turns } from './turns.ts'

export interface RequestHandler {
  /** The parser of this process, shared: what it holds is valid within one event. */
  readonly head: RequestHead
  readonly limits: HttpLimits
  readonly timeouts: ClientTimeouts
  /** What to do when a client ends its side while it waits for a response. */
  readonly halfClose: HalfClose
  readonly wheel: TimerWheel
  readonly turns: Turns
  /** For large bodies; absent: they go through our hands. */
  readonly pipes?: Pipes
  readonly dateLine: DateLine
  /** Connections between two requests, or before their first, idle longest first. */
  readonly idle: LinkedList<Idle>
  /** Others wait to be connected: no connection outlives its response. */
  readonly crowd: { readonly isThere: boolean }
  readonly counters: { bytesFromClients: number; bytesToClients: number; http2Connections?: number }
  /**
   * A valid head stands in `head`, valid until the call returns. Whoever answers says so by `stream.sink`, and ends the
   * stream, perhaps before this returns.
   */
  onRequest(stream: ClientStream): void
  /** A head was invalid, too large or late: it is being answered. */
  onRefusal(refused: RefusedHead): void
  /** A client of HTTP/2 broke a rule of it; absent: nobody counts that. */
  onViolation?(kind: Http2Violation): void
}

/** What connections in TCP mode ask. */
export interface TcpHandler extends Pick<
  RequestHandler,
  'head' | 'wheel' | 'idle' | 'counters' | 'timeouts' | 'onRefusal'
> {
  /** A client of the listener of that name is to be joined to a backend; otherwise as `onRequest`. */
  onTcp(stream: ClientStream, listener: string): void
}

/** What was broken: a rule of one stream, one of the whole connection, or what is put up with of one kind of frame. */
export type Http2Violation = Violation | 'stream-error' | 'connection-error'

export interface RefusedHead {
  /** 400..599. */
  readonly status: number
  /** One sentence for people. */
  readonly detail: string
  readonly peer: Peer
  /** Of the answer; costs as much as making it. */
  contentBytes(): number
}

/** A client's connection, whatever it speaks. */
export interface ClientConnection {
  /** Takes the socket of one that is connected; `destroy` ends it with a reset. */
  readonly wire: Entrant & { destroy(): void }
  /** Upgraded: what passes belongs to no protocol of ours. */
  readonly isTunnel: boolean
  /** Has it go: what is under way is finished. */
  letGo(): void
}

/** Where a connection came in. */
export interface ClientHome<Client> {
  /** It is gone; every connection says so once. */
  onClosed(client: Client): void
}

/** 'abort': it has left, and so nobody waits for the response. 'answer': it only has no more requests. */
export type HalfClose = 'abort' | 'answer'
