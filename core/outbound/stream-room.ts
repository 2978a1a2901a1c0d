/**
 * How many streams may be under way over one HTTP/2 connection (MAX_CONCURRENT_STREAMS, RFC 9113 5.1.2), and those that wait
 * until its backend has said so: a connection may carry requests before the backend's SETTINGS have come.
 */
import type { PeerSettings } from '../http2/settings.ts'
import { type TimerEntry, type TimerWheel, unarmed } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Http2Stream } from './http2-stream.ts'

/** Streams at once, whatever more the backend would take: with more, one connection's loss would be the loss of too much. */
export const MAX_STREAMS = 100
/** Before the first SETTINGS of a backend: it takes that one, if any, and a request on its own waits for nothing. */
const FIRST_STREAMS = 1

/** Of the connections to one backend. */
export interface RoomOwner {
  readonly wheel: TimerWheel
  readonly timeouts: BackendTimeouts
  /** Streams at once over each, as the backend has last said; undefined: it has not, yet. */
  readonly knownStreams: number | undefined
}

export class StreamRoom implements TimerEntry {
  readonly timer = unarmed()
  private readonly owner: RoomOwner
  private readonly settings: Pick<PeerSettings, 'maxStreams'>
  private readonly waiting = new Set<Http2Stream>()
  private isSettled = false

  constructor(owner: RoomOwner, settings: Pick<PeerSettings, 'maxStreams'>) {
    this.owner = owner
    this.settings = settings
  }

  /** Streams at once, those included that wait. */
  get most(): number {
    if (!this.isSettled) return this.owner.knownStreams ?? MAX_STREAMS
    return Math.min(MAX_STREAMS, this.settings.maxStreams)
  }

  /** Whether one more than `load` may begin only when SETTINGS have come, as one must that needs to know what the backend can do. */
  isToWait(load: number, needsSettings: boolean): boolean {
    if (this.isSettled) return false
    return needsSettings || load - this.waiting.size >= (this.owner.knownStreams ?? FIRST_STREAMS)
  }

  waits(stream: Http2Stream): boolean {
    return this.waiting.has(stream)
  }

  add(stream: Http2Stream): void {
    this.waiting.add(stream)
  }

  delete(stream: Http2Stream): void {
    if (this.waiting.delete(stream) && this.waiting.size === 0) this.owner.wheel.remove(this)
  }

  /** The connection is open: SETTINGS come in as long as a connection may take, or are not waited for. */
  await(): void {
    if (this.waiting.size > 0 && this.timer.due === Infinity) this.owner.wheel.arm(this, this.owner.timeouts.connectMs)
  }

  /** SETTINGS have come, `load` streams being there. As many as there is room for begin; the others are returned, and not here any more. */
  settle(load: number): Http2Stream[] {
    this.isSettled = true
    const all = Array.from(this.waiting)
    this.waiting.clear()
    this.owner.wheel.remove(this)
    // One is sent over each connection, whatever the backend says: else it might never be.
    const room = Math.max(this.most, 1) - (load - all.length)
    const first = all.slice(0, Math.max(room, 0))
    for (const stream of first) stream.onConnected()
    return all.slice(first.length)
  }

  onTimeout(): void {
    const words = `the backend sent no SETTINGS within ${this.owner.timeouts.connectMs} ms`
    for (const stream of Array.from(this.waiting)) stream.onLost('connect', words)
  }
}
