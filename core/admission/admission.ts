/** The stage between a route and a backend: whether a request may go on, and when. What decides stands beside this file. */
import type { Client } from '../clients/contract.ts'
import type { Cancel } from '../clock.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { RefusalReason } from '../observe/counters.ts'
import type { ClientStream, Problem } from '../stream/client-stream.ts'
import type { Pass } from './pass.ts'

/**
 * 'admitted': with what its pass says. 'refused': answered so, without a backend; `reason`: the rule that it is counted
 * under, absent where that has a counter of its own. 'later': `wait` calls `decide` once, in an event of its own, unless what
 * it returned is called before; the request's body is not taken meanwhile.
 */
export type Verdict =
  | { readonly kind: 'admitted'; readonly pass?: Pass }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly reason?: RefusalReason }
  | { readonly kind: 'later'; readonly wait: (decide: (verdict: Verdict) => void) => Cancel }

/** A request, as those who decide over it see it. */
export interface Asked {
  readonly client: ClientStream
  /** By the snapshot that the request is served by; `clientAddress` makes the address of it that rules go by. */
  readonly identity: ClientIdentity
  /** Who it has been shown to come from: set by whoever has checked that, for those behind. */
  subject: Subject | undefined
  /** Monotonic ms. */
  now(): number
}

/** Somebody who has shown who they are. */
export interface Subject {
  /** No two have the same, whichever way they have shown it: `client 7`, `user ann`. */
  readonly key: string
  /** Of the database, as it was looked up for this request; absent: it is none of those. */
  readonly client?: Client
}

export interface Admission {
  /** Asked once for each request. `head` holds the request's now; `now`: monotonic ms. */
  admit(asked: Asked, head: RequestHead, now: number): Verdict
}

export const ADMITTED: Verdict = { kind: 'admitted' }

/** Lets everybody in. */
export const everybody: Admission = { admit: () => ADMITTED }

/** Lets nobody in, and says why. */
export function nobody(problem: Problem): Admission {
  const verdict: Verdict = { kind: 'refused', problem }
  return { admit: () => verdict }
}
