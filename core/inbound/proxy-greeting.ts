/**
 * A connection whose first bytes are a PROXY header, until that is read: the header comes before anything else, TLS
 * included. What came behind it goes to whoever takes the socket next.
 */
import { type TimerEntry, type TimerWheel, unarmed } from '../net/timer-wheel.ts'
import { retained } from '../net/retained.ts'
import type { OwnedSocket, SocketOwner } from '../net/wire-socket.ts'
import { ProxyFault } from '../proxy-protocol/fault.ts'
import type { ProxyHeader } from '../proxy-protocol/header.ts'
import { readHeader } from '../proxy-protocol/read.ts'
import { Idling, type IdlingServices, SLOW_LINE_MS } from './idling.ts'
import type { ClientConnection } from './request-handler.ts'

/** Why there is no header: it is none, took too long, or was cut short by its sender, or by us. */
export type ProxyEnd = 'invalid' | 'late' | 'cut'

/** Exactly one is called, once. */
export interface ProxyEvents {
  /** `early`: what came behind it; undefined: nothing yet. The socket has no owner until somebody takes it. */
  onHeader(header: ProxyHeader, socket: OwnedSocket, early: Buffer | undefined): void
  /** The connection is gone. `detail`: completes "PROXY header: …"; undefined: not a byte of one has come. */
  onFailed(how: ProxyEnd, detail: string | undefined): void
}

export class ProxyGreeting implements ClientConnection, SocketOwner, TimerEntry {
  readonly timer = unarmed()
  readonly isTunnel = false
  private readonly wheel: TimerWheel
  private readonly timeoutMs: number
  private readonly events: ProxyEvents
  private readonly idling: Idling
  private socket: OwnedSocket | undefined = undefined
  private held: Buffer | undefined = undefined

  constructor(handler: IdlingServices, timeoutMs: number, events: ProxyEvents) {
    this.wheel = handler.wheel
    this.timeoutMs = timeoutMs
    this.events = events
    this.idling = new Idling({ handler, wire: undefined, giveWay: () => this.destroy() })
  }

  get wire(): this {
    return this
  }

  take(socket: OwnedSocket): void {
    this.socket = socket
    socket.data = this
    this.wheel.arm(this, this.timeoutMs)
    this.idling.begin(SLOW_LINE_MS)
  }

  /** It goes on as a connection that is let go. */
  letGo(): void {}

  destroy(): void {
    this.giveUp('cut', undefined)
  }

  onTimeout(): void {
    this.giveUp('late', this.held && 'it was not whole in time')
  }

  received(bytes: Buffer): void {
    const { socket } = this
    if (socket === undefined) return
    const all = this.held === undefined ? bytes : Buffer.concat([this.held, bytes])
    try {
      const read = readHeader(all)
      if (read === undefined) {
        this.held = retained(all)
        return
      }
      this.leave()
      this.events.onHeader(read.header, socket, read.end < all.length ? all.subarray(read.end) : undefined)
    } catch (error) {
      if (!(error instanceof ProxyFault)) throw error
      this.giveUp('invalid', error.message)
    }
  }

  drained(): void {}

  peerEnded(): void {
    this.giveUp('cut', this.held && 'it was cut short')
  }

  closed(): void {
    this.peerEnded()
  }

  private giveUp(how: ProxyEnd, detail: string | undefined): void {
    const { socket } = this
    if (socket === undefined) return
    this.leave()
    // Nobody has said which protocol it would be in that an answer would have to be.
    socket.terminate()
    this.events.onFailed(how, detail)
  }

  private leave(): void {
    this.socket = undefined
    this.idling.end()
    this.wheel.remove(this)
  }
}
