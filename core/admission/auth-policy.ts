/** What the config says of whom a route lets in by the word of an auth service, or by a token. */
import type { Secret } from '../secrets.ts'

export interface ForwardAuthPolicy {
  /** Absolute, http or https. */
  readonly url: string
  readonly timeoutMs: number
  /** Lower-case names of what the service is told of the request; undefined: all that tells who asks for what. */
  readonly requestFields: readonly string[] | undefined
  /** Lower-case names of what the backend is told of the service's answer. */
  readonly responseFields: readonly string[]
  /** undefined: the service is asked about each request. */
  readonly cache: AuthCachePolicy | undefined
  /** What becomes of requests that the service says nothing of. */
  readonly whenAway: 'refuse' | 'admit'
}

export interface AuthCachePolicy {
  readonly forMs: number
  /** What shows who asks; a request without any of it is never remembered. Not empty. */
  readonly by: readonly Sign[]
  /** 'target': what was said of a request holds for others of its method, host, path and query. 'route': for all. */
  readonly per: 'target' | 'route'
}

/** Where a request says who sent it; `name` of a header in lower case. */
export interface Sign {
  readonly kind: 'header' | 'cookie'
  readonly name: string
}

export interface JwtPolicy {
  readonly keys: KeySource
  /** Each of these lists: one of them is enough. undefined: whoever. */
  readonly issuers: readonly string[] | undefined
  readonly audiences: readonly string[] | undefined
  /** Those that may have signed; of `secret` the HS* alone, of key sets never these. Not empty. */
  readonly algorithms: readonly string[]
  readonly clockToleranceMs: number
  /** Claims that a token must have. */
  readonly required: readonly string[]
  /** undefined: `Authorization: Bearer`. */
  readonly from: Sign | undefined
  /** What the backend is told: a claim (`a.b`: inside another) in a field, its name in lower case. */
  readonly claims: readonly { readonly claim: string; readonly field: string }[]
}

export type KeySource =
  | { readonly kind: 'url'; readonly url: string; readonly refreshMs: number }
  /** Absolute path. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'secret'; readonly secret: Secret }
