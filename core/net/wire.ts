/**
 * One socket, and the only place that writes to one: keeps what the kernel does not take, tells its owner when to hold
 * its source back, closes in the order that loses nothing, and carries one time-out. It knows nothing of HTTP.
 *
 * What Bun 1.4.5 does decides much here: `write` takes what it can and forgets the rest, `end` may throw away what was
 * written, `drain` also comes unasked, a time-out of its own is too coarse.
 */
import type { Cancel } from '../clock.ts'
import { systemLibc } from './bun/libc.ts'
import { commit, enter, flush, leave, MAX_GATHERED_BYTES, outbox, reserve, type OutboxOwner } from './outbox.ts'
import { release } from './release.ts'
import { retained } from './retained.ts'
import { type TimerEntry, type TimerWheel, unarmed } from './timer-wheel.ts'
import type { SocketOwner, WireSocket } from './wire-socket.ts'

/** Who reads from a wire and decides about it. Every call comes in the middle of one event. The first two: of who connects. */
export interface WireOwner {
  /** The connect that was asked for succeeded; never called for an accepted socket. */
  onOpen?(): void
  /** It did not. Nothing comes after it. */
  onConnectError?(failure: ConnectFailure): void
  onData(bytes: Buffer): void
  /** The peer reads too slowly: hold back what feeds this wire. */
  onBlocked(): void
  /** What was kept has gone out: let it flow again. */
  onDrained(): void
  /** The peer will send no more (FIN). Whoever does not answer it must close. */
  onEnd(): void
  /** It is over, whoever ended it; once, and nothing comes after it. */
  onClose(): void
  /** The time-out set by `arm` is over. */
  onTimeout(): void
  /** `length` bytes went out. */
  onSent(length: number): void
}

/** Why a connect came to nothing. */
export interface ConnectFailure {
  /** For want of something of our own (descriptors, ports, memory): whom we wanted to reach is not to blame. */
  readonly isLocal: boolean
  /** The system's or the resolver's; ETIMEDOUT when it took too long. */
  readonly code: string
  /** In words, or the code again. */
  readonly detail: string
}

/** How long a peer may take to end its side after we ended ours; then the kernel delivers what it has taken without us. */
const LINGER_MS = 2000

/** What Bun 1.4.5 reads at once. Where that was there it reads on, ten times over, before anybody else has a turn. */
const WHOLE_READ_BYTES = 512 * 1024

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
  private kept: Buffer[] | undefined = undefined
  /** Nothing is read from the peer. */
  isPaused = false
  private isResting = false
  /** The peer has ended its side: no more will come. */
  hasPeerEnded = false
  /** 'open' until we end our side; 'ending' while kept bytes must go first; 'ended' once our FIN is out. */
  private side: 'open' | 'ending' | 'ended' = 'open'
  private lingers = false
  /** It closes when everything has gone out, and waits for nobody. */
  private hasPeerSaidAll = false
  /** We have cut it. */
  private isCut = false
  /** Length of the time-out that is armed, for progress to renew; 0: none. */
  private armedMs = 0

  constructor(owner: WireOwner, wheel: TimerWheel) {
    this.owner = owner
    this.wheel = wheel
  }

  get isBlocked(): boolean {
    return this.kept !== undefined
  }

  /** Whether something has come that no event has told of yet: an end, a reset, bytes. A system call; false where none can tell. */
  get hasNews(): boolean {
    const fd = this.socket?.fd ?? -1
    return fd >= 0 && systemLibc()?.hasNews(fd) === true
  }

  get isOpen(): boolean {
    return this.socket !== undefined
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

  flushOutbox(bytes: Buffer, length: number): void {
    this.send(bytes, 0, length, true)
  }

  /** Reading stops: what arrives stays with the kernel, and in the end with the peer. */
  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    if (!this.isResting) this.socket?.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (!this.isResting) this.socket?.resume()
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

  /** Ends our side and, when the peer has ended its own or `LINGER_MS` have passed, closes: the reply arrives whole. */
  close(): void {
    this.end()
    if (this.socket === undefined) return
    this.lingers = true
    if (this.hasPeerEnded && this.side === 'ended') {
      this.socket.end()
      return
    }
    // Reading must go on: unread bytes would make the kernel's close a reset that destroys the reply under way.
    this.resume()
    if (this.side === 'ended') this.arm(LINGER_MS)
  }

  /** Closes once everything has gone out, for a peer of which nothing can follow: its end need not be waited for. */
  closeAtOnce(): void {
    if (outbox.owner === this) flush()
    if (this.side !== 'open' || this.socket === undefined) return
    this.hasPeerSaidAll = true
    if (this.kept === undefined) this.socket.end()
    else this.side = 'ending'
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
    this.lingers = true
    this.resume()
    this.arm(LINGER_MS)
  }

  /** Closes at once with a reset: the peer knows that something was cut. A connect under way is given up; nothing is told. */
  destroy(): void {
    this.connecting?.()
    this.connecting = undefined
    if (outbox.owner === this) flush()
    this.kept = undefined
    this.isCut = true
    this.socket?.terminate()
  }

  /** Gone without a word to the peer that waits for none: for idle connections. */
  discard(): void {
    // The answer before its idle time may have been written in this very event.
    if (outbox.owner === this) flush()
    this.kept = undefined
    this.socket?.end()
  }

  // What the socket reports. Called by `wireHandlers` alone.

  opened(socket: WireSocket): void {
    this.connecting = undefined
    this.socket = socket
    if (this.isPaused) socket.pause()
    this.owner.onOpen?.()
  }

  /** Said by `dial`. */
  connectFailed(failure: ConnectFailure): void {
    this.connecting = undefined
    this.wheel.remove(this)
    this.owner.onConnectError?.(failure)
  }

  received(bytes: Buffer): void {
    if (this.lingers) return
    const { length } = bytes
    this.owner.onData(bytes)
    if (length >= WHOLE_READ_BYTES && !this.isPaused && !this.isResting) this.rest()
  }

  /** Reads on when everybody else has had a turn. */
  private rest(): void {
    this.isResting = true
    this.socket?.pause()
    this.wheel.soon(() => {
      this.isResting = false
      if (!this.isPaused) this.socket?.resume()
    })
  }

  drained(): void {
    if (this.kept === undefined) return
    const hasProgressed = this.sendKept()
    if (hasProgressed && this.armedMs > 0) this.arm(this.armedMs)
    if (this.kept !== undefined) return
    if (this.hasPeerSaidAll) {
      this.socket?.end()
    } else if (this.side === 'ending') {
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
    this.kept = undefined
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
      this.owner.onSent(sent)
      if (sent === end - start) {
        if (!isBorrowed && end === bytes.length) release(bytes)
        return
      }
    }
    const rest = bytes.subarray(start + sent, end)
    const kept = isBorrowed ? Buffer.from(rest) : retained(rest)
    if (this.kept !== undefined) {
      this.kept.push(kept)
      return
    }
    this.kept = [kept]
    this.owner.onBlocked()
  }

  /** Sends of the kept bytes what the kernel takes; returns whether it took any. */
  private sendKept(): boolean {
    let total = 0
    while (this.kept !== undefined && this.socket !== undefined) {
      const piece = this.kept[0] as Buffer
      const sent = this.socket.write(piece, 0, piece.length)
      if (sent <= 0) break
      total += sent
      if (sent < piece.length) this.kept[0] = piece.subarray(sent)
      else if (this.kept.length === 1) this.kept = undefined
      else this.kept.shift()
    }
    if (total > 0) this.owner.onSent(total)
    return total > 0
  }
}
