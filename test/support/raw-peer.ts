/**
 * One end of a TCP connection that a test holds: sends exactly the bytes it is told, keeps what comes, and tells how the
 * other end left. What it waits for is an event, never a time.
 */
import type { Socket } from 'bun'
import { systemClock } from '../../core/clock.ts'

/** 'ended': both ends closed in good order. 'reset': the other end cut it. 'cut': this end did. */
export type Closing = 'ended' | 'reset' | 'cut'

/** A reading of what has come: its value and where it ends; undefined while more is needed. */
export type Taken<Value> = { readonly value: Value; readonly end: number } | undefined

export interface PeerOptions {
  /** Whether it keeps its side open when the other end has ended its own; it closes otherwise. */
  readonly staysOpen?: boolean
  /** Whether what comes is only counted, for what is too much to keep. */
  readonly onlyCounts?: boolean
}

export class RawPeer {
  /** What has come, one character a byte. */
  text = ''
  receivedBytes = 0
  sentBytes = 0
  /** The other end has ended its side (FIN). */
  hasEnded = false
  closing: Closing | undefined = undefined
  /** How much of `text` has been taken. */
  private taken = 0
  private socket: Socket<RawPeer> | undefined = undefined
  private unsent: Buffer[] = []
  private endsWhenSent = false
  private wake = Promise.withResolvers<void>()
  private readonly options: PeerOptions

  constructor(options: PeerOptions = {}) {
    this.options = options
  }

  /** Bytes that have come and have not been taken. */
  get rest(): string {
    return this.text.slice(this.taken)
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.unsent.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Text is sent one byte a character. */
  send(data: string | Buffer): void {
    this.unsent.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    this.flush()
  }

  /** Each byte by itself, with a turn of the event loop behind it, so that it arrives by itself. */
  async sendByteByByte(text: string): Promise<void> {
    for (const character of text) {
      if (this.closing !== undefined) return
      this.send(character)
      await turn()
    }
  }

  /** Ends this side once everything is sent; the other end may go on. */
  end(): void {
    this.endsWhenSent = true
    this.flush()
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    if (this.closing === undefined) this.closing = 'cut'
    this.socket?.terminate()
  }

  /** Closes as a program does that exits: whatever comes is no longer read. */
  close(): void {
    this.socket?.end()
  }

  /** Reads no more: what comes stays with the kernel and in the end with the sender. */
  pause(): void {
    this.socket?.pause()
  }

  resume(): void {
    this.socket?.resume()
  }

  /** Waits until `read` gives something; throws when the connection has ended without. */
  async until<Value>(read: () => Value | undefined, what: string): Promise<Value> {
    for (;;) {
      const value = read()
      if (value !== undefined) return value
      if (this.closing !== undefined || this.hasEnded) {
        throw new Error(`the connection ${this.closing ?? 'ended'} before ${what}; untaken: ${show(this.rest)}`)
      }
      await this.wake.promise
    }
  }

  /** Takes the next message from what has come, as `parse` reads it. */
  async take<Value>(parse: (text: string, hasEnded: boolean) => Taken<Value>, what: string): Promise<Value> {
    const { value, end } = await this.until(() => parse(this.rest, this.hasEnded), what)
    this.taken += end
    return value
  }

  /** Waits for exactly these bytes. */
  async expectBytes(text: string): Promise<void> {
    await this.take((rest) => {
      if (rest.length >= text.length) {
        if (!rest.startsWith(text)) throw new Error(`expected ${show(text)}, got ${show(rest)}`)
        return { value: text, end: text.length }
      }
      return undefined
    }, show(text))
  }

  /** Waits for at least `count` bytes in all. */
  async expectCount(count: number): Promise<void> {
    await this.until(() => (this.receivedBytes >= count ? true : undefined), `${count} bytes`)
  }

  /** Waits for the other end's FIN. */
  async expectEnd(): Promise<void> {
    while (!this.hasEnded && this.closing === undefined) await this.wake.promise
    if (!this.hasEnded && this.closing !== 'ended') throw new Error(`the connection was ${this.closing}, not ended`)
  }

  /** Waits for the end, of whatever kind. */
  async expectClosed(): Promise<Closing> {
    while (this.closing === undefined) await this.wake.promise
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.socket !== undefined) this.reset()
    return turn()
  }

  // The socket reports.

  opened(socket: Socket<RawPeer>): void {
    this.socket = socket
    this.flush()
    this.changed()
  }

  received(bytes: Buffer): void {
    this.receivedBytes += bytes.length
    if (this.options.onlyCounts !== true) this.text += bytes.toString('latin1')
    this.changed()
  }

  ended(): void {
    this.hasEnded = true
    this.changed()
    if (this.options.staysOpen !== true || this.endsWhenSent) this.socket?.end()
  }

  closed(error: unknown): void {
    this.socket = undefined
    this.closing ??= error === undefined || error === null ? 'ended' : 'reset'
    this.changed()
  }

  flush(): void {
    const { socket } = this
    if (socket === undefined) return
    for (let piece = this.unsent[0]; piece !== undefined; piece = this.unsent[0]) {
      const sent = socket.write(piece)
      if (sent < 0) return
      this.sentBytes += sent
      if (sent < piece.length) {
        this.unsent[0] = piece.subarray(sent)
        return
      }
      this.unsent.shift()
    }
    if (this.endsWhenSent) socket.shutdown()
  }

  private changed(): void {
    const { resolve } = this.wake
    this.wake = Promise.withResolvers<void>()
    resolve()
  }
}

/** For `Bun.listen` and `Bun.connect`. */
export const peerHandlers = {
  binaryType: 'buffer',
  open: (socket: Socket<RawPeer>) => socket.data?.opened(socket),
  data: (socket: Socket<RawPeer>, bytes: Buffer) => socket.data.received(bytes),
  drain: (socket: Socket<RawPeer>) => socket.data?.flush(),
  end: (socket: Socket<RawPeer>) => socket.data?.ended(),
  close: (socket: Socket<RawPeer>, error?: Error) => socket.data?.closed(error),
  error: () => {},
} as const

/** One turn of the event loop: sockets that are ready have been served. */
export const turn = (): Promise<void> => new Promise((resolve) => systemClock.soon(resolve))

/** Turns the event loop until `holds`; far more turns than anything here takes end it with an error. */
export async function turnUntil(holds: () => boolean, what: string): Promise<void> {
  for (let turns = 0; turns < 60_000; turns += 1) {
    if (holds()) return
    // What takes so many turns is done by another thread or process, which may have to wait for its own.
    await (turns < 50_000 ? turn() : Bun.sleep(1))
  }
  throw new Error(`never saw ${what}`)
}

/** What `read` gives once it has given the same for many turns: nothing moves any more. */
export async function stillness(read: () => number): Promise<number> {
  let last = read()
  let same = 0
  await turnUntil(() => {
    const now = read()
    same = now === last ? same + 1 : 0
    last = now
    return same > 300
  }, 'stillness')
  return last
}

const show = (text: string): string => JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
