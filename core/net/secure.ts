/**
 * TLS on a connection of ours, as a client. Who is there is decided here, before a byte of anybody's is sent: Bun 1.4.5
 * tells of some faulty certificates as of good ones with an error beside them. By Bun in any case: a socket of our own is
 * handed over, one of Bun's is upgraded.
 */
import type { Socket, SocketHandler } from 'bun'
import { closeSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Cancel } from '../clock.ts'
import { adopt } from './adopt.ts'
import { type BunMeans, type ConnectOwner, connectHandlers } from './bun/handlers.ts'
import { codeOf } from './error-code.ts'
import { inEvent } from './event.ts'
import { agreedOn, alpnBytes, HTTP_1_1 } from './alpn.ts'
import type { Protocol, TlsClient } from './opening.ts'
import { alertIn, CUT, failureOf, isAboutName, isBroken, type Names, notAgreed, tlsFailure } from './secure-failure.ts'
import type { ConnectFailure } from './wire-owner.ts'
import type { OwnedSocket, SocketOwner } from './wire-socket.ts'

export interface SecureRequest {
  readonly tls: TlsClient
  /** Who is connected to, by name or IP address. */
  readonly host: string
  /** What we would speak, the preferred first; absent: HTTP/1.1 alone. */
  readonly offers?: readonly Protocol[] | undefined
}

export interface SecureEvents {
  /** The other side is who was meant, and speaks `agreed`. Whoever is to hear of it from now on goes into `socket.data` at once. */
  onSecured(socket: OwnedSocket, agreed: Protocol): void
  /** It came to nothing, and the connection is gone. */
  onRefused(failure: ConnectFailure): void
}

/** Begins a handshake on a connected socket, of which its owner hears no more; one of the events comes, unless it is cancelled before. */
export type Secure = (socket: OwnedSocket, request: SecureRequest, events: SecureEvents) => Cancel

type Handlers = SocketHandler<ConnectOwner>

export function createSecure(means: BunMeans): Secure {
  const { reportFault } = means
  const handlers: Handlers = {
    ...connectHandlers(means),
    handshake: (socket, isDone, error) => inEvent(reportFault, () => shaken(socket.data, isDone, error)),
    error: (socket, error) => void (socket.data.alert = alertIn(error)),
  }
  return (socket, request, events) => {
    const handshake = new Handshake(request, events)
    handshake.begin(socket, handlers, means)
    return () => handshake.cancel()
  }
}

/** Later handshakes of a connection, of which TLS 1.2 knows, are no news. */
const shaken = (owner: SocketOwner, isDone: boolean, error: Error | null): void =>
  owner instanceof Handshake ? owner.shaken(isDone, error) : undefined

class Handshake implements ConnectOwner {
  private readonly request: SecureRequest
  private readonly events: SecureEvents
  /** Whom we mean. */
  private readonly name: string
  private readonly offers: readonly Protocol[]
  private socket: Socket<ConnectOwner> | undefined = undefined
  private isOver = false

  constructor(request: SecureRequest, events: SecureEvents) {
    this.request = request
    this.events = events
    this.name = request.tls.serverName ?? request.host
    this.offers = request.offers ?? HTTP_1_1
  }

  begin(socket: OwnedSocket, handlers: Handlers, { reportFault }: BunMeans): void {
    const { context, verifies } = this.request.tls
    const isNamed = isIP(this.name) === 0
    const tls = {
      // What has been read and checked once. Bun's types do not know it.
      secureContext: context,
      // An IP address is no name that could be asked for (RFC 6066 3).
      ...(isNamed && { serverName: this.name }),
      // Bun shows our certificate only to whom it takes for who was meant; for an address it would look for localhost.
      rejectUnauthorized: verifies && isNamed,
      ALPNProtocols: alpnBytes(this.offers),
    }
    const fail = (error: unknown): void =>
      inEvent(reportFault, () => this.refuse(tlsFailure('tls-handshake', codeOf(error) ?? String(error))))
    if (socket.handOver === undefined) {
      upgrade(socket as Socket<SocketOwner>, { tls, socket: handlers, data: this })
      return
    }
    const descriptor = socket.handOver()
    adopt<ConnectOwner>(descriptor, handlers, this, tls).catch((error: unknown) => {
      // Bun has not taken it, so it is still ours to close.
      if (this.socket === undefined) closeSync(descriptor)
      fail(error)
    })
  }

  cancel(): void {
    this.isOver = true
    this.socket?.terminate()
  }

  opened(socket: Socket<ConnectOwner>): void {
    this.socket = socket
  }

  shaken(isDone: boolean, error: Error | null): void {
    const { socket } = this
    if (this.isOver || socket === undefined) return
    const fault = this.faultOf(socket, isDone, error ?? undefined)
    if (fault !== undefined) return this.refuse(failureOf(fault.error, this.namesAt(socket), this.offers))
    const agreed = agreedOn(socket.alpnProtocol, this.offers)
    if (agreed === undefined) return this.refuse(notAgreed(this.offers))
    this.isOver = true
    this.events.onSecured(socket, agreed)
  }

  // Nothing is read before the handshake is over.
  received(): void {}

  drained(): void {}

  peerEnded(): void {
    this.refuse(tlsFailure('tls-handshake', CUT))
  }

  closed(): void {
    this.refuse(tlsFailure('tls-handshake', CUT))
  }

  /** undefined: there is none. What Bun says of a certificate is about who signed it first, and then about its names. */
  private faultOf(socket: Socket<ConnectOwner>, isDone: boolean, error: Error | undefined) {
    if (isBroken(error) && (error !== undefined || !isDone)) return { error }
    if (!this.request.tls.verifies) return undefined
    if (error !== undefined && !isAboutName(error)) return { error }
    const certificate = certificateOf(socket)
    const other = certificate && checkServerIdentity(this.name, certificate)
    return certificate === undefined || other !== undefined ? { error: other } : undefined
  }

  private namesAt(socket: Socket<ConnectOwner>): Names {
    const certificate = certificateOf(socket)
    return { meant: this.name, found: certificate?.subjectaltname ?? certificate?.subject?.CN?.toString() }
  }

  private refuse(failure: ConnectFailure): void {
    if (this.isOver) return
    this.isOver = true
    this.socket?.terminate()
    this.events.onRefused(failure)
  }
}

/** undefined: there is none, or not yet; Bun's types do not know of that. */
const certificateOf = (socket: Socket<ConnectOwner>): PeerCertificate | undefined =>
  socket.getPeerCertificate() ?? undefined

/** What is under a socket that was upgraded hears what comes too, in cipher; it may rest as long as the one above does. */
function upgrade(
  socket: Socket<SocketOwner>,
  options: { readonly tls: object; readonly socket: Handlers; readonly data: ConnectOwner },
): void {
  let above: Socket<SocketOwner> | undefined
  socket.data = {
    get isPaused() {
      return above?.data.isPaused === true
    },
    received() {},
    drained() {},
    peerEnded() {},
    closed() {},
  }
  const [, secured] = socket.upgradeTLS(options)
  above = secured as unknown as Socket<SocketOwner>
}
