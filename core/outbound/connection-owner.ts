/** What a connection to a backend asks of the pool that it belongs to. */
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { BodyForm } from '../stream/body-form.ts'
import type { Peer } from '../stream/peer.ts'
import type { Manner } from './manner.ts'

/** How a connection has begun. */
export interface Begun {
  readonly manner?: Manner | undefined
  /** Whose requests it is for alone; undefined: anybody's. */
  readonly client?: Peer | undefined
}

export interface ConnectionOwner<Connection> {
  /** The parser of this process, shared: what it holds is valid within one event. */
  readonly head: ResponseHead
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly wheel: TimerWheel
  /** For large bodies; absent: they go through our hands. */
  readonly pipes?: Pipes | undefined
  /** In which requests' bodies are sent on it. */
  readonly bodyForm: BodyForm
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  /** The connection is free: keep it (true) or have it closed. */
  onIdle(connection: Connection): boolean
  /** It is gone, or of no use any more: its place is free. Said once. */
  onGone(connection: Connection): void
  /** Its descriptor is free. Said once, perhaps some time after it has gone. */
  onClosed(connection: Connection): void
}

/** Of connections that are each lent to one request at a time. */
export interface LendingOwner<Connection> extends ConnectionOwner<Connection> {
  /** Open, it was wanted, and nothing was sent on it: keep it (true) or have it closed. */
  onUnused(connection: Connection): boolean
}
