/** One routing rule, parsed: rules are tried in file order and the first whose every condition holds wins. */
import type { Secret } from '../secrets.ts'

export interface RouteRule {
  readonly match: RouteMatch
  /** Name of the pool that serves it. */
  readonly pool: string
  /** 0 to 9, the most important. */
  readonly priority: number
}

export interface RouteMatch {
  /** Name of the listener in TCP mode whose connections these are; absent: requests of HTTP. `host` is the server name then. */
  readonly listener?: string | undefined
  /** Lower case, without a port: exact, or `*.example.com` for any depth below it. */
  readonly host: string | undefined
  /** Exact, or a prefix that ends in `*` (`/v1/*`). Compared byte for byte with the target's path, never decoded. */
  readonly path: string | undefined
  /** Method tokens, case-sensitive (RFC 9110 9.1); undefined: any. */
  readonly methods: readonly string[] | undefined
  /** Lower-case field name and the value that one of its lines must have, which may be somebody's key. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[]
}
