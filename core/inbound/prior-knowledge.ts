/**
 * A client without TLS on a listener that speaks both versions, until its first bytes tell which one it speaks (RFC 9113
 * 3.3): it begins with the preface of HTTP/2, or with a request of HTTP/1.
 */
import { PREFACE } from '../http2/frames.ts'
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { Peer } from '../stream/peer.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection } from './http2-connection.ts'
import { Idling } from './idling.ts'
import type { ClientConnection, ClientHome, RequestHandler } from './request-handler.ts'

export class PriorKnowledge implements ClientConnection, WireOwner {
  readonly wire: Wire
  readonly handler: RequestHandler
  private readonly home: ClientHome<ClientConnection>
  private readonly peer: Peer
  private readonly idling = new Idling(this)
  /** First bytes that may become either. */
  private known: Buffer = Buffer.alloc(0)
  /** Whoever reads since it is known which. */
  private speaker: ClientConnection | undefined = undefined
  private isLeaving = false

  constructor(handler: RequestHandler, home: ClientHome<ClientConnection>, peer: Peer) {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.wire = new Wire(this, handler.wheel)
    peer.wire = this.wire
    this.wire.arm(handler.timeouts.headMs)
    this.idling.begin()
  }

  get isTunnel(): boolean {
    return this.speaker?.isTunnel === true
  }

  letGo(): void {
    this.isLeaving = true
    this.speaker?.letGo()
  }

  giveWay(): void {
    this.wire.discard()
  }

  onData(bytes: Buffer): void {
    const known = this.known.length === 0 ? bytes : Buffer.concat([this.known, bytes])
    const length = Math.min(known.length, PREFACE.length)
    const isPreface = known.compare(PREFACE, 0, length, 0, length) === 0
    if (isPreface && length < PREFACE.length) {
      // What is kept is copied: the bytes are the transport's.
      this.known = Buffer.from(known)
      return
    }
    this.idling.end()
    const Speaker = isPreface ? Http2Connection : Http1Connection
    const speaker = new Speaker(this.handler, { onClosed: () => this.home.onClosed(this) }, this.peer, this.wire)
    this.speaker = speaker
    if (this.isLeaving) speaker.letGo()
    speaker.onData(known)
  }

  onBlocked(): void {}
  onDrained(): void {}
  onSent(): void {}

  /** Nothing was asked, so nothing is answered. */
  onEnd(): void {
    this.wire.close()
  }

  onTimeout(): void {
    this.wire.close()
  }

  onClose(): void {
    this.idling.end()
    this.peer.gone()
    this.home.onClosed(this)
  }
}
