/** One client connection of the load generator: sends a request, reads its answer, and says how that went. */
import type { SocketHandler } from 'bun'
import { connect } from 'node:tls'
import type { LoadErrors, LoadPlan } from './plan.ts'
import { ResponseReader } from './response-reader.ts'

/** Called once for each `send`, when its answer is whole or will never be; `cause` undefined: answered well. */
export type OnAnswer = (connection: Connection, cause: keyof LoadErrors | undefined) => void

/** Whoever has signed the certificate, which is for this name: that is looked at all the same (Bun 1.4.5). */
const TRUSTING = { rejectUnauthorized: false, serverName: 'a.test' } as const

/** What a connection does with its socket. */
interface Line {
  /** How much was taken; negative: it is closed. */
  write(bytes: Buffer): number
  end(): unknown
  terminate(): unknown
}

export class Connection {
  /** Intended instant of the request under way, in ms; undefined: idle. */
  intendedMs: number | undefined
  /** When it became idle, in ms. */
  freeSinceMs = 0
  /** How often it took up a session of before. */
  resumed = 0
  readonly #reconnect: boolean
  readonly #address: { readonly hostname: string; readonly port: number }
  readonly #onAnswer: OnAnswer
  #reader: ResponseReader = new ResponseReader()
  #socket: Line | undefined
  readonly #tls: LoadPlan['tls']
  #session: Buffer | undefined
  #shaken: () => void = () => undefined
  #unsent: Buffer | undefined

  constructor(plan: Pick<LoadPlan, 'host' | 'port' | 'reconnect' | 'tls'>, onAnswer: OnAnswer) {
    this.#address = { hostname: plan.host, port: plan.port }
    this.#reconnect = plan.reconnect
    this.#onAnswer = onAnswer
    this.#tls = plan.tls
  }

  /** Connects first if there is no connection, which then counts into the latency. */
  send(request: Buffer, intendedMs: number): void {
    this.intendedMs = intendedMs
    this.#unsent = request
    if (this.#socket === undefined) void this.connect()
    else this.flush()
  }

  /** Never rejects: what fails is reported as an answer, if a request waits for one. */
  async connect(): Promise<void> {
    if (this.#tls?.resumes === true) return this.#resume()
    try {
      const plain = { ...this.#address, allowHalfOpen: true, data: this }
      if (this.#tls === undefined) await Bun.connect<Connection>({ ...plain, socket: handler })
      else await this.#secure(plain)
    } catch {
      this.#answer('connect')
    }
  }

  /** Resolves when the handshake is done, or the connection has ended: Bun's promise tells of TCP alone. */
  async #secure(plain: { readonly hostname: string; readonly port: number; readonly data: Connection }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#shaken = resolve
    await Bun.connect<Connection>({ ...plain, tls: TRUSTING, socket: secureHandler })
    await promise
  }

  /** Bun's own sockets take up no session (1.4.5). */
  #resume(): Promise<void> {
    return new Promise((resolve) => {
      const session = this.#session
      const socket = connect({ ...this.#options, ...(session && { session }) })
      const line = {
        write: (bytes: Buffer) => (socket.write(bytes), bytes.length),
        end: () => socket.end(),
        terminate: () => socket.destroy(),
      }
      socket.once('secureConnect', () => {
        if (socket.isSessionReused()) this.resumed += 1
        this.opened(line)
        resolve()
      })
      socket.on('session', (ticket: Buffer) => void (this.#session = ticket))
      socket.on('data', (bytes: Buffer) => this.received(line, bytes))
      socket.once('end', () => this.ended(line))
      socket.once('close', () => this.ended(line))
      socket.once('error', () => {
        if (this.#socket === undefined) this.#answer('connect')
        resolve()
      })
    })
  }

  get #options() {
    return { host: this.#address.hostname, port: this.#address.port, rejectUnauthorized: false, servername: 'a.test' }
  }

  /** Without a last word about a request under way. */
  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.intendedMs = undefined
    socket?.terminate()
  }

  opened(socket: Line): void {
    this.#shaken()
    this.#socket = socket
    this.#reader = new ResponseReader()
    this.flush()
  }

  /** Its handshake came to nothing. */
  refused(socket: Line): void {
    socket.end()
    this.#shaken()
    this.#answer('connect')
  }

  flush(): void {
    if (this.#unsent === undefined || this.#socket === undefined) return
    const sent = this.#socket.write(this.#unsent)
    if (sent < 0 || sent >= this.#unsent.length) this.#unsent = undefined
    else if (sent > 0) this.#unsent = this.#unsent.subarray(sent)
  }

  /** What a dropped socket still brings is nobody's. */
  received(socket: Line, bytes: Buffer): void {
    if (socket !== this.#socket) return
    const progress = this.intendedMs === undefined ? 'broken' : this.#reader.feed(bytes)
    if (progress === 'done') this.#finish()
    else if (progress === 'broken') this.#lose('malformed')
  }

  ended(socket: Line): void {
    this.#shaken()
    socket.end()
    if (socket !== this.#socket) return
    if (this.intendedMs !== undefined && this.#reader.end() === 'done') this.#finish()
    else this.#lose('cut')
  }

  #finish(): void {
    const { status, closes } = this.#reader
    if (closes || this.#reconnect) this.#drop()
    this.#answer(status >= 200 && status < 300 ? undefined : 'status')
  }

  #lose(cause: keyof LoadErrors): void {
    this.#drop()
    this.#answer(cause)
  }

  /** An idle connection that the other side closes is no failure: nobody waits. */
  #answer(cause: keyof LoadErrors | undefined): void {
    this.#unsent = undefined
    if (this.intendedMs !== undefined) this.#onAnswer(this, cause)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.end()
  }
}

const handler: SocketHandler<Connection> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.received(socket, bytes),
  drain: (socket) => socket.data.flush(),
  end: (socket) => socket.data.ended(socket),
  close: (socket) => socket.data.ended(socket),
  error: (socket) => socket.terminate(),
}

/** Nothing may be sent before the handshake is done. */
const secureHandler: SocketHandler<Connection> = {
  ...handler,
  open() {},
  handshake: (socket, isOk) => (isOk ? socket.data.opened(socket) : socket.data.refused(socket)),
}
