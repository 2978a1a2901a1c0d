/** Two wires joined in memory: what one sends the other gets when a test lets it flow, in pieces of the size it says. */
import { enter, leave } from '../../core/net/outbox.ts'
import type { Wire } from '../../core/net/wire.ts'
import type { WireSocket } from '../../core/net/wire-socket.ts'

export interface MemoryLink {
  /** Delivers until nothing moves any more. */
  flow(pieceBytes?: number): void
  /** All bytes that have been sent so far, by the first and by the second wire; one character a byte. */
  readonly sent: readonly [string, string]
}

export class MemorySocket implements WireSocket {
  readonly wire: Wire
  /** Bytes that it takes before it is full. */
  room = Infinity
  /** How it was closed by its own side; undefined: it is open, or the other side was first. */
  closing: 'ended' | 'reset' | undefined = undefined
  partner: MemorySocket | undefined = undefined
  sent = ''
  /** Bytes on their way to this socket. */
  private incoming = Buffer.alloc(0)
  isPaused = false
  readsLittle = false
  isOpen = true
  hasShut = false
  private hasToldEnd = false

  constructor(wire: Wire) {
    this.wire = wire
  }

  write(bytes: Buffer, offset: number, length: number): number {
    if (!this.isOpen || this.hasShut) return -1
    const taken = Math.min(length, this.room)
    this.room -= taken
    const piece = Buffer.from(bytes.subarray(offset, offset + taken))
    this.sent += piece.toString('latin1')
    if (this.partner?.isOpen) this.partner.incoming = Buffer.concat([this.partner.incoming, piece])
    return taken
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  readLittle(): void {
    this.readsLittle = true
  }

  shutdown(): void {
    this.hasShut = true
  }

  end(): void {
    if (!this.isOpen) return
    this.hasShut = true
    this.isOpen = false
    this.closing = 'ended'
    this.wire.closed(undefined)
  }

  terminate(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.closing = 'reset'
    this.wire.closed(undefined)
    this.partner?.wasReset()
  }

  /** Gives the wire its next event, if there is one. */
  step(pieceBytes: number): boolean {
    if (!this.isOpen || this.isPaused) return false
    if (this.incoming.length > 0) {
      const piece = Buffer.from(this.incoming.subarray(0, pieceBytes))
      this.incoming = this.incoming.subarray(piece.length)
      inEvent(() => this.wire.received(piece))
      return true
    }
    if (this.partner?.hasShut !== true || this.hasToldEnd) return false
    this.hasToldEnd = true
    inEvent(() => this.wire.peerEnded())
    return true
  }

  private wasReset(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.incoming = Buffer.alloc(0)
    inEvent(() => this.wire.closed(new Error('ECONNRESET')))
  }
}

/** A socket for a wire that somebody has accepted, with nobody at its other end: the test plays that part. */
export function accept(wire: Wire): MemorySocket {
  const socket = new MemorySocket(wire)
  wire.socket = socket
  return socket
}

/** Bytes arrive, in one piece. */
export const receive = (wire: Wire, text: string): void => inEvent(() => wire.received(Buffer.from(text, 'latin1')))

/** As transports do around every event. */
export function inEvent(handle: () => void): void {
  enter()
  try {
    handle()
  } finally {
    leave()
  }
}

/** The first wire has been dialled, the second accepted. */
export function joinInMemory(dialled: Wire, accepted: Wire): MemoryLink {
  const [one, other] = [new MemorySocket(dialled), new MemorySocket(accepted)]
  one.partner = other
  other.partner = one
  accepted.socket = other
  inEvent(() => dialled.opened(one))
  return {
    flow(pieceBytes = Infinity) {
      for (let steps = 0; steps < 1_000_000; steps += 1) {
        const moved = [other, one].map((socket) => socket.step(pieceBytes))
        if (!moved.includes(true)) return
      }
      throw new Error('bytes flow for ever')
    },
    get sent(): readonly [string, string] {
      return [one.sent, other.sent]
    },
  }
}
