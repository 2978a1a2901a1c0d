/** What a route's `access` asks for, each rule read: nothing here decides anything. */
import type { ForwardAuthPolicy, JwtPolicy } from './auth-policy.ts'
import type { Secret } from '../secrets.ts'

/** Each rule is absent where it is off. */
export interface AccessPolicy {
  readonly addresses?: AddressPolicy
  readonly cors?: CorsPolicy
  /** Those that are allowed, each once; at least one. Case counts. */
  readonly methods?: readonly string[]
  /** Of content, without the framing of chunks; 0 and up. */
  readonly maxBodyBytes?: number
  readonly certificate?: CertificatePolicy
  readonly basic?: BasicPolicy
  readonly apiKey?: KeyPolicy
  readonly jwt?: JwtPolicy
  readonly forwardAuth?: ForwardAuthPolicy
}

/** Who may come, by address. Blocks and addresses are in their canonical form, or `unix:`: whoever comes over a Unix socket. */
export interface AddressPolicy {
  /** With `allowFile` undefined too: whoever is not denied. */
  readonly allow: readonly string[] | undefined
  /** Counts before what is allowed. */
  readonly deny: readonly string[]
  /** Absolute paths of files that say more. */
  readonly allowFile: string | undefined
  readonly denyFile: string | undefined
}

/** Whose certificates are good for a route: in any of these lists, or all that were verified where there is none. */
export interface CertificatePolicy {
  /** `CN=alice,O=Example`, or one part of it. */
  readonly subjects?: readonly string[]
  /** `URI:spiffe://example.org/web`, `DNS:a.example`; `*` at the end stands for whatever follows. */
  readonly names?: readonly string[]
  /** SHA-256, `AA:BB:…`. */
  readonly fingerprints?: readonly string[]
}

/** Users with passwords (RFC 7617). */
export interface BasicPolicy {
  /** Printable ASCII without quotes and backslashes. */
  readonly realm: string
  readonly users: readonly User[]
  /** Absolute path of a file with more of them. */
  readonly usersFile: string | undefined
  /** Whether the backend is not told the credentials. */
  readonly hide: boolean
}

export interface User {
  /** 1 to 255 characters, no colon and no control character among them. */
  readonly name: string
  /** Of the password, as `readPasswordHash` takes it. */
  readonly hash: Secret
}

/** Where the key of a client is. */
export interface KeyPolicy {
  /** The name of a field in lower case, or of a pair in the query. */
  readonly from: { readonly kind: 'header' | 'query'; readonly name: string }
  /** Whether the backend is not told the key. */
  readonly hide: boolean
}

/** Which other origins' scripts may read responses (Fetch standard, 3.2). */
export interface CorsPolicy {
  /** `https://a.example`, `https://*.example` for any depth below it, `null`, or `*` alone: every origin. */
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  /** Lower-case names that requests may have besides the usual ones, or `*` alone: any. */
  readonly fields: readonly string[]
  /** Names that scripts may read of responses besides the usual ones. */
  readonly expose: readonly string[]
  /** Never with an origin of `*`. */
  readonly credentials: boolean
  /** How long browsers may remember a preflight's answer. */
  readonly maxAgeMs: number
}
