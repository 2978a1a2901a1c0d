/**
 * TLS on a connection that has come in, by Bun (BoringSSL): the accepted socket goes to Bun for good, and comes back as a
 * socket like any other when the handshake is done. What is offered in it is for the terms to say.
 */
import { closeSync } from 'node:fs'
import type { Socket, SocketHandler } from 'bun'
import type { Clock } from '../clock.ts'
import { adopt } from './adopt.ts'
import { type BunMeans, guardedWith, handlersFor } from './bun/handlers.ts'
import type { ReportFault } from './event.ts'
import type { OwnedSocket, SocketOwner } from './wire-socket.ts'

/** Certificates with their keys and the versions and ciphers that go with them, as Bun takes them. */
export type SecureContext = object

/** What a handshake is offered. Asked in the middle of it. */
export interface HandshakeTerms {
  /** For who names nobody. Its versions and ciphers count, whichever context is taken. */
  readonly context: SecureContext
  /** For who asks for `serverName` (lower case); undefined: it is refused. `hello`: all that the client has sent. */
  contextFor(serverName: string, hello: () => Buffer): SecureContext | undefined
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
}

/** Exactly one of the two is called, in the middle of an event; `onSecure` gives the socket its owner, or ends it. */
export interface HandshakeEvents {
  onSecure(socket: OwnedSocket, facts: HandshakeFacts): void
  /** `plain`: what came is no TLS, and was answered. */
  onFailed(how: 'failed' | 'plain'): void
}

export interface TlsMeans {
  readonly clock: Pick<Clock, 'soon'>
  readonly reportFault: ReportFault
}

/** What Bun's types do not know of. */
interface SecureSocket extends Socket<SocketOwner> {
  readonly alpnProtocol: string | false
  isSessionReused(): boolean
}

interface Upgradable {
  upgradeTLS(options: object): [raw: Socket<SocketOwner>, secure: SecureSocket]
}

/** Begins handshakes, with handlers that all of them share. */
export type BeginHandshake = (socket: OwnedSocket, terms: HandshakeTerms, events: HandshakeEvents) => Handshake

/** One that is under way. */
export interface Handshake {
  /** Ends it with a reset; nothing is told. */
  cancel(): void
}

export function createHandshakes({ clock, reportFault }: TlsMeans): BeginHandshake {
  const means: BunMeans = { clock, reportFault }
  const secureHandlers = handlersForSecure(means)
  const adopted = handlersFor<Tap>((socket) => socket.data.upgrade(socket as unknown as Upgradable), means)
  return (socket, terms, events) => {
    const tap = new Tap(secureHandlers, terms, events)
    if (socket.handOver === undefined) {
      socket.data = tap
      tap.upgrade(socket as unknown as Upgradable)
      return tap
    }
    const descriptor = socket.handOver()
    adopt(descriptor, adopted, tap).catch(() => {
      if (!tap.isUpgraded) closeSync(descriptor)
      tap.fail()
    })
    return tap
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

/** Hears of the ciphertext of one connection, and owns its TLS socket until the handshake is done. */
class Tap implements SocketOwner, Handshake {
  isUpgraded = false
  private readonly handlers: SocketHandler<SocketOwner>
  readonly terms: HandshakeTerms
  private events: HandshakeEvents | undefined
  private raw: Socket<SocketOwner> | undefined = undefined
  private secure: SecureSocket | undefined = undefined
  private hello: Buffer[] = []
  private helloBytes = 0
  private isPlain = false

  constructor(handlers: SocketHandler<SocketOwner>, terms: HandshakeTerms, events: HandshakeEvents) {
    this.handlers = handlers
    this.terms = terms
    this.events = events
  }

  /** Whoever owns the TLS socket says so. */
  get isPaused(): boolean {
    return this.secure?.data.isPaused === true
  }

  upgrade(socket: Upgradable): void {
    this.isUpgraded = true
    const tls = { secureContext: this.terms.context }
    const waiting: SocketOwner = {
      received() {},
      drained() {},
      peerEnded: () => this.cancel(),
      closed: () => this.fail(),
    }
    const data = Object.assign(waiting, { tap: this })
    const [raw, secure] = socket.upgradeTLS({ isServer: true, tls, socket: this.handlers, data })
    this.raw = raw
    this.secure = secure
    raw.data = this
  }

  /** Ciphertext: looked at until the handshake is done. */
  received(bytes: Buffer): void {
    if (this.events === undefined || bytes.length === 0) return
    if (this.helloBytes === 0 && bytes[0] !== HANDSHAKE) this.isPlain = this.answerPlain(bytes)
    this.helloBytes += bytes.length
    if (this.helloBytes <= MAX_HELLO_BYTES) this.hello.push(Buffer.from(bytes))
  }

  drained(): void {}
  peerEnded(): void {}
  closed(): void {}

  contextFor(serverName: string): SecureContext {
    const context = this.terms.contextFor(serverName.toLowerCase(), () => Buffer.concat(this.hello))
    if (context !== undefined) return context
    this.raw?.write(UNRECOGNIZED_NAME)
    throw new Error('unrecognized name')
  }

  done(isOk: boolean): void {
    const { events, secure } = this
    if (events === undefined || secure === undefined) return
    if (!isOk) {
      this.fail()
      secure.end()
      return
    }
    this.forget()
    const protocol = secure.alpnProtocol
    events.onSecure(secure, {
      serverName: (secure.getServername() as string | undefined)?.toLowerCase(),
      protocol: protocol === false ? undefined : protocol,
      isResumed: secure.isSessionReused(),
    })
  }

  fail(): void {
    const { events } = this
    this.forget()
    events?.onFailed(this.isPlain ? 'plain' : 'failed')
  }

  cancel(): void {
    this.forget()
    this.secure?.terminate()
  }

  private forget(): void {
    this.events = undefined
    this.hello = []
  }

  /** Whether it looks like a request in plain HTTP, which is told so. */
  private answerPlain(bytes: Buffer): boolean {
    const isRequest = /^[A-Z]{3,20} /.test(bytes.toString('latin1', 0, 24))
    if (isRequest) this.raw?.write(PLAIN_ANSWER)
    return isRequest
  }
}

type Waiting = SocketOwner & { readonly tap: Tap }

function handlersForSecure(means: BunMeans): SocketHandler<SocketOwner> {
  const tapOf = (socket: Socket<SocketOwner>): Tap => (socket.data as Waiting).tap
  const handlers = {
    ...handlersFor<SocketOwner>(() => undefined, means),
    handshake: guardedWith(means, (socket: Socket<SocketOwner>, isOk: boolean) => tapOf(socket).done(isOk)),
    serverName: (_server: unknown, name: string, socket: Socket<SocketOwner>) => tapOf(socket).contextFor(name),
    alpnCallback: (socket: Socket<SocketOwner>, _name: unknown, offered: Buffer) =>
      tapOf(socket).terms.protocolFor(protocolsIn(offered)),
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
