/** How a pool keeps the requests of a session at one backend. */
import type { Secret } from '../secrets.ts'

export type StickyPolicy = CookiePolicy | LearnPolicy

/** By a cookie that we set. */
export interface CookiePolicy {
  readonly kind: 'cookie'
  readonly name: string
  readonly path: string
  /** undefined: of the host alone that was asked for. */
  readonly domain: string | undefined
  /** Whole seconds; undefined: until the browser ends. */
  readonly maxAgeMs: number | undefined
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly secure: boolean
  readonly httpOnly: boolean
  /** Whether backends are sent it, too. */
  readonly forward: boolean
  /** What its values are made with; undefined: the key that the process keeps for itself. */
  readonly key: Secret | undefined
}

/** By what the application itself sends its clients: they send it back, and whose it was is remembered. */
export interface LearnPolicy {
  readonly kind: 'learn'
  /** A cookie, or a field of this lower-case name in responses and requests. */
  readonly from: { readonly kind: 'cookie' | 'header'; readonly name: string }
  /** How long a session is remembered that nobody uses. */
  readonly ttlMs: number
  /** What remembering them all may cost; `entryBytes` each. */
  readonly maxBytes: number
}
