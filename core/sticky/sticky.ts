/**
 * Sticky sessions: the requests of a session go to one backend, for as long as it can take them. A strategy picks for the
 * first of them, and again when that backend can take no more.
 */
import type { Backend } from '../backend/backend.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'

/** What a pool keeps sessions by. Asked about every request of the pool. */
export interface Sticky {
  /** A cookie that is no business of the backends; undefined: there is none. */
  readonly hiddenCookie: string | undefined
  /** Whose session the request belongs to, as far as it tells. */
  sessionOf(head: RequestHead): Session
}

/** The session of one request, as it was when the request came. */
export interface Session {
  /** Whom it is with; undefined: it is new, or whom it was with is none of the pool's any more. */
  readonly backend: Backend | undefined
  /** `backend` answers with `head`, which is about to be forwarded: the session is with it from now on. */
  settle(backend: Backend, head: ResponseHead): void
}
