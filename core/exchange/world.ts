/** What requests are served by: the published snapshot, and the services of the process that every exchange uses. */
import type { Admission } from '../admission/admission.ts'
import type { Place } from '../strategy/strategy.ts'
import type { Clock } from '../clock.ts'
import type { Identify } from '../forward/identify.ts'
import type { WriteRequestId } from '../forward/request-id.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { HalfClose } from '../inbound/request-handler.ts'
import type { Pipes } from '../net/pipes.ts'
import type { ClientTimeouts } from '../net/timeouts.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { RouteTraffic } from '../observe/route-traffic.ts'
import type { HedgePolicy } from '../pool/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { Random } from '../random.ts'
import type { RouteTable } from '../route/table.ts'
import type { RequestTimeouts } from './limit.ts'
import type { Problem } from '../stream/client-stream.ts'
import type { Explaining } from './explaining.ts'
import type { Observer } from './record.ts'
import type { Tracing } from './trace.ts'

/** Immutable; a request keeps the one it began with. */
export interface World {
  readonly routes: RouteTable<Route>
  /** The same for the connections of listeners in TCP mode, by the listener's name. */
  readonly tcp: ReadonlyMap<string, RouteTable<Route>>
  /** What a request is given to that no rule holds for: a route that admits nobody. */
  readonly nowhere: Route
  /** Those of client connections; `maxReplayBytes`: of all bodies together that are kept to be sent again. */
  readonly limits: HttpLimits & { readonly maxConnections: number | undefined; readonly maxReplayBytes: number }
  readonly timeouts: ClientTimeouts
  readonly halfClose: HalfClose
  /** Who a client is by this snapshot's trusted proxies. */
  readonly identify: Identify
  /** Where a client is; undefined: nobody configured how to know. */
  readonly geo: Geo | undefined
  /** Who wants to know why requests went where they went; absent: nobody. */
  readonly explainer?: Explainer | undefined
  /** What a CA asks for, which comes before all routes; absent: no CA asks for anything. */
  readonly proofs?: ProofAnswers | undefined
}

export interface ProofAnswers {
  /** undefined: it is a request like any other. `head` holds the request's now. */
  find(head: RequestHead): Problem | undefined
}

/** Asks some requests to be explained. */
export interface Explainer {
  /** undefined: not this one. `head` holds the request's now. */
  begin(head: RequestHead): Explaining | undefined
  /** Hears of those alone that are. */
  readonly observe: Observer
}

/** How long what is no longer HTTP, or never was, may last. */
export interface TunnelPolicy {
  /** Longest silence both ways, in ms. */
  readonly idleMs: number
  /** From its begin, in ms; undefined: as long as it likes. */
  readonly longestMs: number | undefined
}

/** One rule at work. */
export interface Route {
  /** Of the rule's own text; the same over reloads for as long as that stays the same. */
  readonly key: string
  readonly admission: Admission
  /** The higher, the longer it is served when there is too much to do; `routes[].priority`. */
  readonly priority: number
  /** The pool that serves a request; undefined: none does, and `admission` refuses everybody. */
  readonly pool: Pool | undefined
  /** undefined: a request may take as long as its pool's time-outs let it. */
  readonly timeouts: RequestTimeouts | undefined
  /** Absent: as `timeouts.tunnel` says. */
  readonly tunnel?: TunnelPolicy | undefined
  /** undefined: a slow backend is waited for. */
  readonly hedge: HedgePolicy | undefined
  /** Calls of gRPC-Web become calls of gRPC; absent: they are requests like any other. */
  readonly grpcWeb?: boolean | undefined
  /** undefined: whatever a request says of a trace is passed on. */
  readonly tracing: Tracing | undefined
  /** Kept over reloads with the key. */
  readonly traffic: RouteTraffic
}

export interface Services {
  /** For large bodies; absent: they go through our hands. */
  readonly pipes?: Pipes
  readonly clock: Clock
  readonly wheel: TimerWheel
  /** With a tick of 1 ms, for hedges: the clock's own timers cost each request some five times as much. */
  readonly quickWheel: TimerWheel
  readonly random: Random
  readonly counters: EdgeCounters
  readonly writeRequestId: WriteRequestId
  /** Hear of every exchange once it is over; empty: nothing is recorded. */
  readonly observers: readonly Observer[]
}

export interface Geo {
  /** Lower-case name of the field that a trusted proxy sets; undefined: none. */
  readonly header: string | undefined
  find(address: string, headerValue: string | undefined): { zone: string | undefined; place: Place | undefined }
}
