/**
 * TLS on a connection that has come in, by Bun (BoringSSL): the accepted socket goes to Bun for good, and comes back as a
 * socket like any other when the handshake is done. What is offered in it is for the terms to say.
 */
import type { X509Certificate } from 'node:crypto'
import { closeSync } from 'node:fs'
import type { Socket, SocketHandler } from 'bun'
import type { Clock } from '../clock.ts'
import { adopt } from './adopt.ts'
import { type BunMeans, guardedWith, handlersFor } from './bun/handlers.ts'
import { inEvent, type ReportFault } from './event.ts'
import type { OwnedSocket, SocketOwner } from './wire-socket.ts'

/** Certificates with their keys and the versions and ciphers that go with them, as Bun takes them. */
export type SecureContext = object

/** What a handshake for one name is offered. */
export interface Offered {
  readonly context: SecureContext
  /** Whether the client must show a certificate, or may, that the context's authorities vouch for; absent: it is not asked. */
  readonly clients?: 'required' | 'optional' | undefined
  /** By what that was decided: told with the facts, since another may hold by then. */
  readonly rule?: object | undefined
}

/** What a handshake is offered. Asked in the middle of it. */
export interface HandshakeTerms {
  /** For who names nobody. Its versions and ciphers count, whichever context is taken. */
  readonly fallback: Offered
  /** Whether `hello` is told to `offerFor`; where that does not come in one piece it costs the connection something for as long as it lives. */
  readonly readsHello: boolean
  /** For who asks for `serverName` (lower case); undefined: it is refused. `hello`: all that the client has sent, or nothing. */
  offerFor(serverName: string, hello: Buffer): Offered | undefined
  /** Of those that the client offers by ALPN; undefined: none will do, and the handshake fails. */
  protocolFor(offered: readonly string[]): string | undefined
}

/** What a handshake has told. */
export interface HandshakeFacts {
  /** Lower case; undefined: none was asked for. */
  readonly serverName: string | undefined
  /** By ALPN; undefined: none was offered. */
  readonly protocol: string | undefined
  /** Whether it took up a session of before. */
  readonly isResumed: boolean
  /** The client's, that was verified, then or as the session began; undefined: none. */
  readonly certificate: X509Certificate | undefined
  /** Of what it was offered. */
  readonly rule: object | undefined
}

/** Exactly one of the two is called, in the middle of an event; `onSecure` gives the socket its owner, or ends it. */
export interface HandshakeEvents {
  onSecure(socket: OwnedSocket, facts: HandshakeFacts): void
  /** The socket is closed. */
  onFailed(how: HandshakeFailure): void
}

/** 'plain': what came is no TLS, and was answered. 'certificate': the client showed none that will do. */
export type HandshakeFailure = 'failed' | 'plain' | 'certificate'

export interface TlsMeans {
  readonly clock: Pick<Clock, 'soon' | 'wallTime'>
  readonly reportFault: ReportFault
}

/** One that is under way. */
export interface Handshake {
  /** Ends it with a reset; nothing is told. */
  cancel(): void
}

/** Begins one; it is in the middle of an event. `early`: what has been read of the socket already; undefined: nothing. */
export type BeginHandshake = (
  socket: OwnedSocket,
  terms: HandshakeTerms,
  events: HandshakeEvents,
  early?: Buffer,
) => Handshake

/** What Bun's types do not know of. */
interface SecureSocket extends Socket<SocketOwner> {
  readonly alpnProtocol: string | false
  isSessionReused(): boolean
  setVerifyMode(requests: boolean, rejects: boolean): void
}

interface Upgradable {
  upgradeTLS(options: object): [raw: Socket<SocketOwner>, secure: SecureSocket]
}

/** What handshakes of a process share. */
interface Handlers {
  readonly secure: SocketHandler<SocketOwner>
  /** Of sockets that Bun takes over: told nothing of what passes, or the ciphertext. */
  readonly adopted: SocketHandler<Handshaking>
  readonly tapped: SocketHandler<Handshaking>
  readonly reportFault: ReportFault
  readonly wallTime: () => number
}

export function createHandshakes(means: TlsMeans): BeginHandshake {
  const tapped = handlersFor<Handshaking>((socket) => socket.data.upgrade(socket as unknown as Upgradable), means)
  // Not even made for what passes: a tenth of what a small request costs.
  const adopted: SocketHandler<Handshaking> = { ...tapped }
  delete adopted.data
  const handlers = {
    secure: secureHandlers(means),
    adopted,
    tapped,
    reportFault: means.reportFault,
    wallTime: () => means.clock.wallTime(),
  }
  return (socket, terms, events, early) => {
    const handshake = new Handshaking(handlers, terms, events)
    handshake.begin(socket, early)
    return handshake
  }
}

/** TLS record type 22, which every handshake begins with (RFC 8446 5.1). */
const HANDSHAKE = 22
/** Fatal, unrecognized_name (RFC 6066 3): before any key is agreed on, an alert goes as it is. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112])
/** What is kept of a hello, for who wants to read it. */
const MAX_HELLO_BYTES = 64 * 1024

const NOT_HTTPS =
  'This port speaks HTTPS, and the request came as plain HTTP. Use https:// in front of its address instead.\n'
/** To a request in plain HTTP where TLS is expected. */
export const PLAIN_ANSWER = Buffer.from(
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n' +
    `Content-Length: ${NOT_HTTPS.length}\r\n\r\n${NOT_HTTPS}`,
)

/** Whether the message that a record begins with is whole within it (RFC 8446 4, 5.1). */
const isWhole = (bytes: Buffer): boolean =>
  bytes.length >= 9 && Math.min(bytes.readUInt16BE(3) + 5, bytes.length) >= 9 + bytes.readUIntBE(6, 3)

/** Whether it looks like the beginning of a request in plain HTTP. */
const isRequest = (bytes: Buffer): boolean => /^[A-Z]{1,20}(?: |$)/.test(bytes.toString('latin1', 0, 24))

/**
 * One connection until its handshake is done. It owns the accepted socket until something has come, then Bun's two: the one
 * that speaks TLS, and the one below it.
 */
class Handshaking implements SocketOwner, Handshake {
  readonly terms: HandshakeTerms
  private readonly handlers: Handlers
  /** undefined: it is over, one way or the other. */
  private events: HandshakeEvents | undefined
  /** As it was accepted; later the one below TLS. */
  private socket: OwnedSocket | undefined = undefined
  private secure: SecureSocket | undefined = undefined
  /** Ciphertext that somebody else has read, for Bun to begin with. */
  private early: Buffer | undefined = undefined
  private hello: Buffer[] = []
  private helloBytes = 0
  private failure: HandshakeFailure = 'failed'
  private offered: Offered | undefined = undefined

  constructor(handlers: Handlers, terms: HandshakeTerms, events: HandshakeEvents) {
    this.handlers = handlers
    this.terms = terms
    this.events = events
  }

  begin(socket: OwnedSocket, early: Buffer | undefined): void {
    this.socket = socket
    socket.data = this
    this.early = early && Buffer.from(early)
    if (early !== undefined) return this.onFirst(socket, early)
    // What has come before it is upgraded would be lost: Bun's are upgraded at once.
    if (socket.lookFirst === undefined) this.upgrade(socket as unknown as Upgradable)
    else socket.lookFirst((bytes) => this.onFirst(socket, bytes))
  }

  /** Whoever owns the socket that speaks TLS says so. */
  get isPaused(): boolean {
    return this.secure?.data.isPaused === true
  }

  /** What comes on the socket as it was accepted, or below TLS. */
  received(bytes: Buffer): void {
    if (this.events === undefined || this.failure === 'plain' || bytes.length === 0) return
    if (this.helloBytes === 0 && bytes[0] !== HANDSHAKE) this.answerPlain(bytes)
    this.helloBytes += bytes.length
    if (this.terms.readsHello && this.helloBytes <= MAX_HELLO_BYTES) this.hello.push(Buffer.from(bytes))
  }

  drained(): void {}

  peerEnded(): void {
    if (this.secure === undefined) this.socket?.end()
  }

  closed(): void {
    if (this.secure === undefined) this.fail()
  }

  upgrade(socket: Upgradable): void {
    const { early } = this
    this.early = undefined
    if (early !== undefined) this.received(early)
    this.offered = this.terms.fallback
    const { context, clients } = this.offered
    const waiting = { received() {}, drained() {}, peerEnded: () => this.secure?.end(), closed: () => this.fail() }
    const [raw, secure] = socket.upgradeTLS({
      isServer: true,
      tls: { secureContext: context, requestCert: clients !== undefined, rejectUnauthorized: false },
      socket: this.handlers.secure,
      data: Object.assign(waiting, { handshake: this }),
      // In this way Bun's own node:net passes on what it has read.
      ...(early && { initialData: early }),
    })
    this.secure = secure
    this.socket = raw
    raw.data = this
  }

  /** What to go on with for that name. Throws where it is refused. */
  contextFor(serverName: string, secure: SecureSocket): SecureContext {
    const offered = this.terms.offerFor(serverName.toLowerCase(), Buffer.concat(this.hello))
    if (offered === undefined) {
      this.socket?.write(UNRECOGNIZED_NAME, 0, UNRECOGNIZED_NAME.length)
      throw new Error('unrecognized name')
    }
    this.offered = offered
    // Who shows none where one is required hears so by an alert; which ones will do is looked at when it is done.
    secure.setVerifyMode(offered.clients !== undefined, offered.clients === 'required')
    return offered.context
  }

  done(isOk: boolean): void {
    const { events, secure } = this
    if (events === undefined || secure === undefined) return
    const certificate = this.offered?.clients === undefined ? undefined : secure.getPeerX509Certificate()
    if (!isOk || !this.isVouchedFor(certificate, secure)) {
      if (isOk) this.failure = 'certificate'
      secure.end()
      return
    }
    this.forget()
    const { alpnProtocol } = secure
    events.onSecure(secure, {
      serverName: (secure.getServername() as string | undefined)?.toLowerCase(),
      protocol: alpnProtocol === false ? undefined : alpnProtocol,
      isResumed: secure.isSessionReused(),
      certificate,
      rule: this.offered?.rule,
    })
  }

  /** Of a session that is taken up again BoringSSL does not ask whether the certificate has ended since. */
  private isVouchedFor(certificate: X509Certificate | undefined, { authorized }: SecureSocket): boolean {
    if (certificate === undefined) return this.offered?.clients !== 'required'
    return authorized && Date.parse(certificate.validTo) > this.handlers.wallTime()
  }

  cancel(): void {
    this.forget()
    if (this.secure === undefined) this.socket?.terminate()
    else this.secure.terminate()
  }

  private onFirst(socket: OwnedSocket, bytes: Buffer): void {
    if (bytes[0] === HANDSHAKE) this.goOn(socket, bytes)
    else if (!this.answerPlain(bytes)) socket.end()
    // Until the client ends its side: bytes that nobody reads would make the end a reset, which takes the answer along.
    else socket.shutdown()
  }

  private goOn(socket: OwnedSocket, first: Buffer): void {
    if (socket.handOver === undefined) return this.upgrade(socket as unknown as Upgradable)
    const { adopted, tapped, reportFault } = this.handlers
    const taps = this.terms.readsHello && !isWhole(first)
    // What was read before goes the other way: see `upgrade`.
    if (!taps && this.early === undefined) this.received(first)
    const descriptor = socket.handOver()
    this.socket = undefined
    adopt<Handshaking>(descriptor, taps ? tapped : adopted, this).catch(() => {
      if (this.secure !== undefined) return
      closeSync(descriptor)
      inEvent(reportFault, () => this.fail())
    })
  }

  /** false: it is no request. */
  private answerPlain(bytes: Buffer): boolean {
    if (!isRequest(bytes)) return false
    this.failure = 'plain'
    this.socket?.write(PLAIN_ANSWER, 0, PLAIN_ANSWER.length)
    return true
  }

  private fail(): void {
    const { events } = this
    this.forget()
    events?.onFailed(this.failure)
  }

  private forget(): void {
    this.events = undefined
    this.hello = []
  }
}

/** What the socket that speaks TLS has for its owner until the handshake is done. */
type Waiting = SocketOwner & { readonly handshake: Handshaking }

function secureHandlers(means: BunMeans): SocketHandler<SocketOwner> {
  const of = (socket: Socket<SocketOwner>): Handshaking => (socket.data as Waiting).handshake
  const handlers = {
    ...handlersFor<SocketOwner>(() => undefined, means),
    handshake: guardedWith(means, (socket: Socket<SocketOwner>, isOk: boolean) => of(socket).done(isOk)),
    serverName: (_server: unknown, name: string, socket: SecureSocket) => of(socket).contextFor(name, socket),
    alpnCallback: (socket: Socket<SocketOwner>, _name: unknown, offered: Buffer) =>
      of(socket).terms.protocolFor(protocolsIn(offered)),
  }
  return handlers
}

/** Names in the form that they are sent in, each behind its length (RFC 7301 3.1). */
function protocolsIn(wire: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; at < wire.length; at += 1 + (wire[at] as number))
    names.push(wire.toString('latin1', at + 1, at + 1 + (wire[at] as number)))
  return names
}
