/**
 * One client's connection in TCP mode, and the stream that an exchange sees of it: nothing is read before a connection to a
 * backend stands, and then bytes pass both ways, unread. It is the request and its own answer; what becomes of it is told by
 * the statuses that HTTP has for that, though its client never sees one. Where it goes by the server name, its ClientHello is
 * read first, and passed on as it came.
 */
import type { RequestHead } from '../http1/request-head.ts'
import { PLAIN_ANSWER } from '../net/tls.ts'
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import { NOBODY } from '../stream/nobody.ts'
import type { Peer } from '../stream/peer.ts'
import { ALERTS, alertBytes, HelloReader } from '../tls/client-hello.ts'
import { Idling, SLOW_LINE_MS } from './idling.ts'
import type { ClientConnection, ClientHome, TcpHandler } from './request-handler.ts'
import { readTcpHead, tcpHeadBytes } from './tcp-head.ts'

/** Where the connection came in. */
export interface TcpHome<Client> extends ClientHome<Client> {
  /** Name of the listener, by which the connection is routed. */
  readonly name: string
}

const LINE: RequestLine = { method: '', target: '', protocol: 'TCP' }

/** 'greeting': its hello is read. 'waiting': for a backend. 'joined': to one's connection. 'over': it has been ended. */
type State =
  | { readonly kind: 'greeting'; readonly reader: HelloReader }
  | { readonly kind: 'waiting'; readonly early: Buffer | undefined }
  | { readonly kind: 'joined' | 'over' }

const NOTHING = Buffer.alloc(0)
const OVER: State = { kind: 'over' }

export class TcpConnection implements WireOwner, ClientConnection, ClientStream {
  readonly wire: Wire
  readonly peer: Peer
  readonly isTunnel = true
  readonly bodyForm = 'data'
  readonly isUpgrade = false
  readonly isWhole = true
  readonly isBlocked = false
  sink: RequestSink = NOBODY
  readonly handler: TcpHandler
  private readonly home: TcpHome<TcpConnection>
  private readonly readsHello: boolean
  private readonly idling = new Idling(this)
  private head: Buffer
  private state: State

  /** `mode`: 'passthrough': its server name is read. */
  constructor(handler: TcpHandler, home: TcpHome<TcpConnection>, peer: Peer, mode: 'tcp' | 'passthrough') {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.head = tcpHeadBytes(peer.serverName)
    this.wire = new Wire(this, handler.wheel)
    this.readsHello = mode === 'passthrough'
    this.state = this.readsHello
      ? { kind: 'greeting', reader: new HelloReader() }
      : { kind: 'waiting', early: undefined }
    // What comes stays with the kernel, and in the end with the client.
    if (!this.readsHello) this.wire.pause()
  }

  onOpen(): void {
    if (!this.readsHello) return this.handler.onTcp(this, this.home.name)
    this.wire.arm(this.handler.timeouts.headMs)
    this.idling.begin()
  }

  readLine(): RequestLine {
    return LINE
  }

  readHead(): RequestHead {
    return readTcpHead(this.handler.head, this.head)
  }

  join(): HandedOver {
    const early = this.state.kind === 'waiting' ? this.state.early : undefined
    this.state = { kind: 'joined' }
    this.wire.resume()
    return { wire: this.wire, connection: this, early }
  }

  /** There is nothing to say in: it is reset, so that its client knows that this is no end. In TLS that no such server is here can be said. */
  refuse({ status }: Problem): void {
    if (status === 404 && this.readsHello) this.endWith(alertBytes(ALERTS.unrecognizedName))
    else this.cut()
  }

  contentBytes(): number {
    return 0
  }

  cut(): void {
    this.state = OVER
    this.wire.destroy()
  }

  /** It is idle, and what it takes is wanted elsewhere. */
  giveWay(): void {
    this.state = OVER
    this.wire.discard()
  }

  /** Whoever is at the other end cannot be told: it has its time, as the process or the listener has. */
  letGo(): void {}

  // The wire reports, before it is joined.

  onData(bytes: Buffer): void {
    const { state, handler } = this
    handler.counters.bytesFromClients += bytes.length
    // Of what TLS has brought in one piece with the end of its handshake.
    if (state.kind === 'waiting')
      this.state = { kind: 'waiting', early: Buffer.concat([state.early ?? NOTHING, bytes]) }
    if (state.kind !== 'greeting') return
    if (state.reader.bytes.length === 0) this.idling.begin(SLOW_LINE_MS)
    const reading = state.reader.push(bytes)
    if (reading.kind === 'hello') {
      this.idling.end()
      this.head = tcpHeadBytes(reading.hello.serverName)
      this.state = { kind: 'waiting', early: state.reader.bytes }
      this.wire.disarm()
      this.wire.pause()
      handler.onTcp(this, this.home.name)
    } else if (reading.kind === 'plain') {
      this.reject(400, 'a request in plain HTTP came where TLS is expected', PLAIN_ANSWER)
    } else if (reading.kind === 'fault') {
      this.reject(400, reading.detail, alertBytes(reading.alert))
    }
  }

  onEnd(): void {
    if (this.state.kind === 'greeting') this.endWith(undefined)
  }

  onTimeout(): void {
    const { state } = this
    if (state.kind !== 'greeting') this.wire.destroy()
    // Nothing was asked, so nothing is answered.
    else if (state.reader.bytes.length === 0) this.endWith(undefined)
    else this.reject(408, 'its hello came too slowly', undefined)
  }

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onClose(): void {
    const wasWaiting = this.state.kind === 'waiting'
    this.idling.end()
    this.state = OVER
    if (wasWaiting) this.sink.onClientGone()
    this.peer.gone()
    this.home.onClosed(this)
  }

  onBlocked(): void {}
  onDrained(): void {}

  /** It comes to no exchange. */
  private reject(status: number, detail: string, answer: Buffer | undefined): void {
    this.handler.onRefusal({ status, detail, peer: this.peer, contentBytes: () => 0 })
    this.endWith(answer)
  }

  /** Its last bytes go out, and it ends. */
  private endWith(answer: Buffer | undefined): void {
    this.state = OVER
    this.idling.end()
    if (answer !== undefined) this.wire.write(answer, 0, answer.length)
    this.wire.close()
  }

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
