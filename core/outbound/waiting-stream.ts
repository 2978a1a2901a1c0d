/** A stream for which no connection is there yet: what takes its place is given its sink, or that is told that nothing does. */
import { type TimerEntry, type TimerWheel, unarmed } from '../net/timer-wheel.ts'
import { Place } from '../net/linked-list.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { ConnectFailure } from '../net/wire-owner.ts'
import type { BackendStream, FailureCause, ResponseSink, StreamChoice } from '../stream/backend-stream.ts'
import type { HandedOver } from '../stream/body-form.ts'

/** Whom one waits as. */
export interface Waiting {
  /** Of an open connection that it may be given. */
  readonly choice: StreamChoice
  readonly timeouts: BackendTimeouts
  /** There was a connection, which had no room for it after all; absent: there was none. */
  readonly wasSurplus?: boolean
}

export interface WaitingOwner {
  readonly wheel: TimerWheel
  /** Nobody waits for it any more. */
  onLeft(stream: WaitingStream): void
}

/** A handshake that may be in vain for it, and one of its own. */
const HANDSHAKES = 2

export class WaitingStream implements BackendStream, TimerEntry {
  readonly timer = unarmed()
  readonly place = new Place<WaitingStream>(this)
  readonly isReused = false
  readonly hasBegun = false
  readonly bodyForm = 'data'
  readonly timeouts: BackendTimeouts
  readonly choice: StreamChoice
  private readonly wasSurplus: boolean
  sink: ResponseSink | undefined = undefined
  private readonly owner: WaitingOwner

  constructor(owner: WaitingOwner, { choice, timeouts, wasSurplus = false }: Waiting) {
    this.owner = owner
    this.choice = choice
    this.timeouts = timeouts
    this.wasSurplus = wasSurplus
    owner.wheel.arm(this, this.patienceMs)
  }

  /** Its sink hears `stream` from now on. */
  moveTo(stream: BackendStream): void {
    const sink = this.end()
    stream.sink = sink
    sink?.onMoved(stream)
  }

  fail({ isLocal, detail, words }: Omit<ConnectFailure, 'code'>): void {
    this.lose(isLocal ? 'local' : 'connect', detail, words)
  }

  lose(cause: FailureCause, detail: string, words?: string): void {
    this.end()?.onFailure(cause, detail, words)
  }

  abort(): void {
    this.end()
    this.owner.onLeft(this)
  }

  onTimeout(): void {
    const sink = this.end()
    this.owner.onLeft(this)
    // Those who have their streams there keep them for as long as they need.
    if (this.wasSurplus) sink?.onFailure('local', `no room for another stream within ${this.patienceMs} ms`)
    else sink?.onFailure('connect', `no connection within ${this.patienceMs} ms`)
  }

  // Nothing is sent before there is a connection.

  sendHead(): void {}
  sendBody(): void {}
  sendEnd(): void {}
  pauseResponse(): void {}
  resumeResponse(): void {}

  handOver(): HandedOver {
    throw new Error('a stream that waits for a connection has none to give away')
  }

  private get patienceMs(): number {
    return HANDSHAKES * this.timeouts.connectMs
  }

  private end(): ResponseSink | undefined {
    const { sink } = this
    this.sink = undefined
    this.place.leave()
    this.owner.wheel.remove(this)
    return sink
  }
}

/** One that takes the place of `stream`, of which nothing was sent, and for which its connection has no room. */
export function waitInsteadOf(
  stream: BackendStream & { readonly timeouts: BackendTimeouts },
  owner: WaitingOwner,
): WaitingStream {
  const { sink, timeouts } = stream
  const waiting = new WaitingStream(owner, { choice: 'any', timeouts, wasSurplus: true })
  stream.abort()
  waiting.sink = sink
  sink?.onMoved(waiting)
  return waiting
}
