/** How long one request may take in all: by its route, or by the client's own deadline where that is sooner. Pure. */
import type { Clock } from '../clock.ts'
import { type DeadlineField, type DeadlineLine, deadlineLine, readDeadline } from '../forward/deadline.ts'
import type { RequestHead } from '../http1/request-head.ts'

/** What a route says of time; each in ms, undefined: no bound. */
export interface RequestTimeouts {
  /** From a request's head to the end of its response. */
  readonly requestMs: number | undefined
  /** From an attempt's begin, or the request's end where that comes later, to the response's head. */
  readonly tryMs: number | undefined
  /** The field by which clients set a deadline of their own; undefined: none is looked at. */
  readonly deadline: DeadlineField | undefined
}

export interface Limit {
  /** Monotonic ms. */
  readonly at: number
  /** Whose it is: what a client asks for says nothing of a backend that is slower. */
  readonly by: 'route' | 'client'
  /** What the client asked for it by; undefined: it did not, or not so that it can be read. */
  readonly field: DeadlineField | undefined
  /** For a client that waited as long. */
  readonly detail: string
}

/** undefined: it may take as long as it likes. */
export function limitOf({ requestMs, deadline }: RequestTimeouts, head: RequestHead, clock: Clock): Limit | undefined {
  const now = clock.now()
  const value = deadline && head.fields.valueNamed(deadline)
  const leftMs = deadline && value !== undefined ? readDeadline(deadline, value, clock.wallTime()) : undefined
  const field = leftMs === undefined ? undefined : deadline
  if (leftMs !== undefined && leftMs < (requestMs ?? Infinity))
    return { at: now + leftMs, by: 'client', field, detail: `no response before the deadline that ${deadline} set` }
  if (requestMs === undefined) return undefined
  return { at: now + requestMs, by: 'route', field, detail: `no whole response within ${requestMs} ms` }
}

/** When the client of a call of gRPC gives it up, whether or not its route goes by that, monotonic ms; Infinity: it does not say. */
export function callEndsAt({ fields }: RequestHead, startedAt: number): number {
  const value = fields.valueNamed('grpc-timeout')
  return startedAt + ((value !== undefined ? readDeadline('grpc-timeout', value, 0) : undefined) ?? Infinity)
}

/** What a backend is told of the client's deadline now; undefined: nothing that the client did not say. */
export function deadlineNow({ at, field }: Limit, clock: Clock): DeadlineLine | undefined {
  return field && deadlineLine(field, at - clock.now(), clock.wallTime())
}
