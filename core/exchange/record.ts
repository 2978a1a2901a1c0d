/** What is known of an exchange when it is over: for the access log, traces and whoever asks "why this backend?". */
import type { Subject } from '../admission/admission.ts'
import type { PickExplanation } from '../balance/pick-recorder.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import type { RefusalReason } from '../observe/counters.ts'
import type { ClientStream, RequestLine } from '../stream/client-stream.ts'
import type { Outcome } from '../strategy/strategy.ts'
import type { Explanation } from './explaining.ts'

/**
 * How an exchange came to its end. 'answered': the backend's response went out whole. 'refused': a response of our own; `reason`: the rule of the route.
 * 'truncated': cut in the middle of a response. 'abandoned': the client left first. 'tunnel': switched protocols.
 */
export type Ending =
  | { readonly kind: 'answered' | 'truncated' | 'tunnel'; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string; readonly reason?: RefusalReason }
  | { readonly kind: 'abandoned' }

export interface AttemptRecord {
  readonly backend: string
  /** Made beside another that was slow. */
  readonly isHedge: boolean
  /** Monotonic ms, as all times here. */
  readonly startedAt: number
  /** When the stream took the request's head: as it began where the connection was kept from another; undefined: none was had. */
  readonly readyAt: number | undefined
  /** When the response head came; undefined: never. */
  readonly respondedAt: number | undefined
  readonly endedAt: number
  readonly outcome: Outcome
  /** What a call of gRPC has come to there, by number; undefined: it is none, or never said so. */
  readonly grpcStatus?: number | undefined
  /** Why it was that backend; of an exchange that is explained. */
  readonly pick?: PickExplanation | undefined
  /** 16 hexadecimal digits; undefined: it is not traced. */
  readonly spanId?: string | undefined
}

/** Lower-case hexadecimal digits. */
export interface TraceIds {
  /** 32 of them. */
  readonly traceId: string
  /** 16; undefined: the request is not recorded. */
  readonly spanId: string | undefined
}

export interface ExchangeRecord {
  readonly startedAt: number
  readonly endedAt: number
  /** Who asked: reads the request again, until the observer returns. */
  readonly client: Pick<ClientStream, 'peer' | 'readHead'>
  readonly line: RequestLine
  readonly identity: ClientIdentity
  /** Who it has been shown to come from; undefined: nobody asked. */
  readonly subject: Subject | undefined
  /** The route's key; '' when no rule held. */
  readonly route: string
  readonly pool: string | undefined
  readonly ending: Ending
  /** In the order in which they ended. */
  readonly attempts: readonly AttemptRecord[]
  /** Bytes of bodies, with the size lines of chunks where they pass as they came. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** Of the trace that began or goes on here; undefined: none does. */
  readonly trace?: TraceIds | undefined
  /** What else is known of one that somebody wants explained; its attempts have their `pick` then. */
  readonly explanation?: Explanation | undefined
}

/**
 * Hears of an exchange, once, in the event that ended it; of what was refused since its head is no request, too: its line is
 * empty, and its head has no fields. Must not throw.
 */
export type Observer = (record: ExchangeRecord) => void
