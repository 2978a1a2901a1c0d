/**
 * One socket, and the only place that writes to one: keeps what the kernel does not take, tells its owner when to hold
 * its source back, closes in the order that loses nothing, and carries one time-out. It knows nothing of HTTP.
 */
import type { Cancel } from '../clock.ts'
import { Kept } from './kept.ts'
import type { Protocol } from './opening.ts'
import { commit, enter, flush, leave, MAX_GATHERED_BYTES, outbox, reserve, type OutboxOwner } from './outbox.ts'
import { BULK_BYTES, type Pipe } from './pipe.ts'
import type { Pipes } from './pipes.ts'
import { release } from './release.ts'
import { retained } from './retained.ts'
import { type TimerEntry, type TimerWheel, unarmed } from './timer-wheel.ts'
import type { ConnectFailure, WireOwner } from './wire-owner.ts'
import type { OwnedSocket, SocketOwner, WireSocket } from './wire-socket.ts'

/** How long a peer may take to end its side after we ended ours; then the kernel delivers what it has taken without us. */
const LINGER_MS = 2000
/** What is with the peer's system as soon as it has been sent, but for a network that loses it. */
const MAX_LAST_BYTES = 16 * 1024

/** Bytes that go on within the kernel. */
interface Relay {
  readonly target: Wire
  readonly pipe: Pipe
  left: number
}

export class Wire implements TimerEntry, OutboxOwner, SocketOwner {
  readonly timer = unarmed()
  owner: WireOwner
  /** undefined before it is open and after it is closed. */
  socket: WireSocket | undefined = undefined
  /** Gives up the connect that is under way; undefined: none is. */
  connecting: Cancel | undefined = undefined
  /** The IP address behind the name that was asked for; undefined: none was. */
  resolvedAddress: string | undefined = undefined
  private readonly wheel: TimerWheel
  /** Bytes the kernel did not take yet, in order. */
  private kept: Kept | undefined = undefined
  alert: string | undefined = undefined
  /** What the system has taken since this was last set to 0. */
  sentBytes = 0
  /** Where what comes goes within the kernel. */
  private relay: Relay | undefined = undefined
  /** Nothing is read from the peer. */
  isPaused = false
  /** The peer has ended its side: no more will come. */
  hasPeerEnded = false
  /** 'open' until we end our side; 'ending' while kept bytes must go first; 'ended' once our FIN is out. */
  private side: 'open' | 'ending' | 'ended' = 'open'
  private lingers = false
  /** We have cut it. */
  isCut = false
  /** Length of the time-out that is armed, for progress to renew; 0: none. */
  private armedMs = 0

  constructor(owner: WireOwner, wheel: TimerWheel) {
    this.owner = owner
    this.wheel = wheel
  }

  get isBlocked(): boolean {
    return this.kept !== undefined
  }

  /** Both sides have ended theirs in good order. */
  get hasEndedBoth(): boolean {
    return this.hasPeerEnded && this.side === 'ended'
  }

  /**
   * Sends bytes[start..end), which must stay unchanged; small pieces are gathered with others of this event. A large piece
   * that reaches the end of its buffer gives the whole buffer away: it may be empty afterwards.
   */
  write(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (length <= MAX_GATHERED_BYTES) {
      const at = this.reserve(length)
      bytes.copy(outbox.bytes, at, start, end)
      commit(at + length)
      return
    }
    if (outbox.owner !== undefined) flush()
    this.send(bytes, start, end, false)
  }

  /** Room for `size` bytes in `outbox.bytes`, at the returned offset; say `commit(end)` when they are written. */
  reserve(size: number): number {
    return reserve(this, size)
  }

  /**
   * Has the next `length` bytes that come go to `target` within the kernel: the owner hears `onRelayed` of them, and `onData`
   * again of what follows, or of what does not come in bulk. false: it can't be, and everything is as it was.
   */
  relayTo(target: Wire, length: number, pipes: Pipes): boolean {
    const { socket } = this
    if (socket?.pipeInto === undefined || target.socket?.sendFrom === undefined || target.isBlocked) return false
    const pipe = pipes.take()
    if (pipe === undefined) return false
    this.relay = { target, pipe, left: length }
    socket.pipeInto(pipe, length)
    return true
  }

  flushOutbox(bytes: Buffer, length: number): void {
    this.send(bytes, 0, length, true)
  }

  /** Reading stops: what arrives stays with the kernel, and in the end with the peer. */
  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.socket?.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket?.resume()
  }

  /** Arms the one time-out of this wire. */
  arm(delayMs: number): void {
    this.armedMs = delayMs
    this.wheel.arm(this, delayMs)
  }

  disarm(): void {
    this.armedMs = 0
    this.wheel.disarm(this)
  }

  onTimeout(): void {
    enter()
    try {
      if (!this.lingers) this.owner.onTimeout()
      // The kernel may still hold what a slow peer has yet to take, behind which our FIN goes: a reset would throw it away.
      else if (this.side === 'ended') this.socket?.end()
      else this.destroy()
    } finally {
      leave()
    }
  }

  /** Ends our side (FIN) once everything has gone out; the peer may go on sending. */
  end(): void {
    if (outbox.owner === this) flush()
    if (this.side !== 'open' || this.socket === undefined) return
    this.side = 'ending'
    if (this.kept === undefined) this.sendEnd()
  }

  /** Ends our side and, when the peer has ended its own or `lingerMs` have passed, closes: the reply arrives whole. */
  close(lingerMs = LINGER_MS): void {
    this.end()
    if (this.socket === undefined) return
    this.linger()
    if (this.hasPeerEnded && this.side === 'ended') {
      this.socket.end()
      return
    }
    // Reading must go on: unread bytes would make the kernel's close a reset that destroys the reply under way.
    this.resume()
    if (this.side === 'ended') this.arm(lingerMs)
  }

  /**
   * Closes at once behind the last few bytes, those of `sentBytes`, for a peer of which nothing can follow: its end need not be
   * waited for. What is more, or has not gone out, might be lost by a peer that says something after all, since a close with
   * bytes unread is a reset: that is closed behind as ever.
   */
  closeAtOnce(): void {
    if (outbox.owner === this) flush()
    if (this.side !== 'open' || this.kept !== undefined || this.sentBytes > MAX_LAST_BYTES) this.close()
    else this.socket?.end()
  }

  /**
   * Closes behind a peer that is about to: whoever ends first keeps the pair of ports occupied for a minute (TIME_WAIT,
   * RFC 9293 3.6.1). One that does not is reset, which occupies nothing.
   */
  closeBehind(): void {
    if (this.hasPeerEnded) {
      this.discard()
      return
    }
    this.linger()
    this.resume()
    this.arm(LINGER_MS)
  }

  /** Closes at once with a reset: the peer knows that something was cut. A connect under way is given up; nothing is told. */
  destroy(): void {
    this.connecting?.()
    this.connecting = undefined
    if (outbox.owner === this) flush()
    this.dropKept()
    this.isCut = true
    this.socket?.terminate()
  }

  /** Gone without a word, for idle connections; the answer before may have been written in this very event. */
  discard(): void {
    if (outbox.owner === this) flush()
    this.dropKept()
    this.socket?.end()
  }

  /** Becomes the owner of a socket that has come in. */
  take(socket: OwnedSocket, early?: Buffer): void {
    socket.data = this
    this.opened(socket)
    if (early !== undefined) this.received(early)
  }

  opened(socket: WireSocket, agreed?: Protocol): void {
    this.connecting = undefined
    this.socket = socket
    if (this.isPaused) socket.pause()
    this.owner.onOpen?.(agreed)
  }

  /** Said by `dial`. */
  connectFailed(failure: ConnectFailure): void {
    this.connecting = undefined
    this.wheel.remove(this)
    this.owner.onConnectError?.(failure)
  }

  received(bytes: Buffer): void {
    if (!this.lingers) this.owner.onData(bytes)
  }

  piped(length: number): void {
    const relay = this.relay as Relay
    relay.left -= length
    relay.target.sendPiped(relay.pipe)
    // What trickles would keep a pipe from others.
    if (relay.left === 0 || length < BULK_BYTES) this.endRelay()
    this.owner.onRelayed?.(length)
  }

  drained(): void {
    if (this.kept === undefined) return
    if (this.sendKept() && this.armedMs > 0) this.arm(this.armedMs)
    if (this.kept !== undefined) return
    if (this.side === 'ending') {
      this.sendEnd()
      if (this.lingers) this.close()
    } else {
      this.owner.onDrained()
    }
  }

  peerEnded(): void {
    this.hasPeerEnded = true
    if (this.lingers) {
      if (this.side !== 'ending') this.socket?.end()
      return
    }
    this.owner.onEnd()
  }

  closed(error: Error | undefined): void {
    if (this.socket === undefined) return
    // When we have ended our side, the peer's end closes the socket: Bun tells of that alone.
    if (error === undefined && !this.isCut && this.side === 'ended') this.hasPeerEnded = true
    this.socket = undefined
    this.dropKept()
    this.endRelay()
    this.wheel.remove(this)
    this.owner.onClose()
  }

  private sendEnd(): void {
    this.side = 'ended'
    this.socket?.shutdown()
  }

  /** `isBorrowed`: the bytes are reused after this call, so what is kept of them must be copied. */
  private send(bytes: Buffer, start: number, end: number, isBorrowed: boolean): void {
    const { socket } = this
    if (socket === undefined || this.side !== 'open') return
    let sent = 0
    if (this.kept === undefined) {
      sent = socket.write(bytes, start, end - start)
      // -1: closed already; `close` is on its way.
      if (sent < 0) return
      this.onSent(sent)
      if (sent === end - start) {
        if (!isBorrowed && end === bytes.length) release(bytes)
        return
      }
    }
    const rest = bytes.subarray(start + sent, end)
    this.keep(isBorrowed ? Buffer.from(rest) : retained(rest))
  }

  /** What the kernel has not taken: bytes, or what lies in a pipe. */
  private keep(piece: Buffer | Pipe): void {
    if (this.kept !== undefined) return this.kept.push(piece)
    this.kept = new Kept(piece)
    this.owner.onBlocked()
  }

  /** Sends of the kept bytes what the kernel takes; returns whether it took any. */
  private sendKept(): boolean {
    const { kept, socket } = this
    if (kept === undefined || socket === undefined) return false
    const sent = kept.sendOn(socket)
    if (kept.isEmpty) this.kept = undefined
    if (sent > 0) this.onSent(sent)
    return sent > 0
  }

  private onSent(length: number): void {
    this.sentBytes += length
    this.owner.onSent(length)
  }

  private dropKept(): void {
    this.kept?.drop()
    this.kept = undefined
  }

  /** What has come into `pipe` is to go out here. */
  private sendPiped(pipe: Pipe): void {
    if (outbox.owner === this) flush(true)
    if (this.side !== 'open') return pipe.abandon()
    const sent = this.kept === undefined ? (this.socket?.sendFrom?.(pipe) ?? -1) : 0
    if (sent < 0) return pipe.abandon()
    if (sent > 0) this.onSent(sent)
    if (pipe.pending > 0) this.keep(pipe)
  }

  /** What still comes is of no use to anybody. */
  private linger(): void {
    this.lingers = true
    this.endRelay()
  }

  private endRelay(): void {
    if (this.relay === undefined) return
    this.socket?.pipeInto?.(undefined, 0)
    this.relay.pipe.endFeeding()
    this.relay = undefined
  }
}
