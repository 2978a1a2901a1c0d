/** The stage between a route and a backend: whether a request may go on, and when. What decides stands beside this file. */
import type { Cancel } from '../clock.ts'
import type { ClientStream, Problem } from '../stream/client-stream.ts'

/**
 * 'refused': answered so, without a backend. 'later': `wait` calls `decide` once, in an event of its own, unless what it
 * returned is called before; the request's body is not taken meanwhile.
 */
export type Verdict =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'later'; readonly wait: (decide: (verdict: Verdict) => void) => Cancel }

export interface Admission {
  /** Asked once for each request, while its head can be read. `now`: monotonic ms. */
  admit(client: ClientStream, now: number): Verdict
}

const ADMITTED: Verdict = { kind: 'admitted' }

/** Lets everybody in. */
export const everybody: Admission = { admit: () => ADMITTED }

/** Lets nobody in, and says why. */
export function nobody(problem: Problem): Admission {
  const verdict: Verdict = { kind: 'refused', problem }
  return { admit: () => verdict }
}
