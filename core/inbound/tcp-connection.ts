/**
 * One client's connection in TCP mode, and the stream that an exchange sees of it: nothing is read before a connection to a
 * backend stands, and then bytes pass both ways, unread. It is the request and its own answer; what becomes of it is told by
 * the statuses that HTTP has for that, though its client never sees one.
 */
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { HandedOver } from '../stream/body-form.ts'
import type { ClientStream, RequestLine, RequestSink } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientHome, TcpHandler } from './request-handler.ts'
import { readTcpHead, tcpHeadBytes } from './tcp-head.ts'

/** Where the connection came in. */
export interface TcpHome<Client> extends ClientHome<Client> {
  /** Name of the listener, by which the connection is routed. */
  readonly name: string
}

const LINE: RequestLine = { method: '', target: '', protocol: 'TCP' }

/** 'waiting': for a backend. 'joined': to one's connection. 'over': it has been ended. */
type State = 'waiting' | 'joined' | 'over'

export class TcpConnection implements WireOwner, ClientConnection, ClientStream {
  readonly wire: Wire
  readonly peer: Peer
  readonly isTunnel = true
  readonly bodyForm = 'data'
  readonly isUpgrade = false
  readonly isWhole = true
  readonly isBlocked = false
  sink: RequestSink = NOBODY
  private readonly handler: TcpHandler
  private readonly home: TcpHome<TcpConnection>
  private readonly head: Buffer
  private state: State = 'waiting'

  constructor(handler: TcpHandler, home: TcpHome<TcpConnection>, peer: Peer) {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.head = tcpHeadBytes(peer.serverName)
    this.wire = new Wire(this, handler.wheel)
    // What comes stays with the kernel, and in the end with the client.
    this.wire.pause()
  }

  onAccepted(): void {
    this.handler.onTcp(this, this.home.name)
  }

  readLine(): RequestLine {
    return LINE
  }

  readHead(): RequestHead {
    return readTcpHead(this.handler.head, this.head)
  }

  join(): HandedOver {
    this.state = 'joined'
    this.wire.resume()
    return { wire: this.wire, connection: this, early: undefined }
  }

  /** There is nothing to say in: it is reset, so that its client knows that this is no end. */
  refuse(): void {
    this.cut()
  }

  contentBytes(): number {
    return 0
  }

  cut(): void {
    this.state = 'over'
    this.wire.destroy()
  }

  /** Whoever is at the other end cannot be told: it has its time, as the process or the listener has. */
  letGo(): void {}

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onClose(): void {
    const wasWaiting = this.state === 'waiting'
    this.state = 'over'
    if (wasWaiting) this.sink.onClientGone()
    this.peer.gone()
    this.home.onClosed(this)
  }

  // Before it is joined nothing is read or sent, and no time-out runs.

  onData(): void {}
  onEnd(): void {}
  onBlocked(): void {}
  onDrained(): void {}
  onTimeout(): void {}

  // It has no body beside its bytes, and no response.

  pauseBody(): void {}
  resumeBody(): void {}
  limitBody(): void {}
  sendInterim(): void {}
  sendBody(): void {}

  sendHead(): void {
    this.cut()
  }

  sendEnd(): void {
    this.cut()
  }

  handOver(): HandedOver {
    return this.join()
  }
}

/** Of one that nobody has taken up yet. */
const NOBODY: RequestSink = {
  onRequestBody() {},
  onRequestEnd() {},
  onRequestFault() {},
  onClientBlocked() {},
  onClientGone() {},
}
