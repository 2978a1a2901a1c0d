/** What the config says of certificates that are had by ACME; of one listener. */
import type { TlsFiles } from '../discovery/policy.ts'
import type { Secret } from '../secrets.ts'

/** How a name is shown to be ours (RFC 8555 8, RFC 8737). */
export const challengeKinds = ['tls-alpn-01', 'http-01', 'dns-01'] as const
export type ChallengeKind = (typeof challengeKinds)[number]

/** Who an account with the CA is bound to elsewhere (RFC 8555 7.3.4). */
export interface Binding {
  readonly keyId: string
  /** In base64url, as CAs give it. */
  readonly hmacKey: Secret
}

/** A CA to order from. */
export interface DirectoryPolicy {
  readonly url: string
  /** PEM file of who signs the CA's own certificate, absolute; undefined: whom the system trusts. */
  readonly ca: string | undefined
  readonly binding: Binding | undefined
}

export type StoragePolicy =
  /** Absolute path; undefined: where our user's lasting files are. */
  | { readonly kind: 'folder'; readonly folder: string | undefined }
  | { readonly kind: 'redis'; readonly url: Secret }
  | {
      readonly kind: 'etcd'
      readonly endpoints: readonly string[]
      readonly prefix: string
      readonly user: { readonly name: string; readonly password: Secret } | undefined
      /** Absolute paths of PEM files. */
      readonly tls: TlsFiles | undefined
    }

export interface AcmePolicy {
  /** Where the CA writes to; undefined: nowhere. */
  readonly email: string | undefined
  /** In the order in which they are asked. */
  readonly directories: readonly [DirectoryPolicy, ...DirectoryPolicy[]]
  /** In lower case; a certificate each. undefined: the hosts of routes. */
  readonly names: readonly string[] | undefined
  readonly challenge: ChallengeKind
  /** The program that sets and takes away records of dns-01, and ms until they can be seen. */
  readonly dns: { readonly hook: string; readonly settleMs: number } | undefined
  /** Whom to ask whether a name that nobody configured may have one, a URL; undefined: none may. */
  readonly onDemand: string | undefined
  readonly storage: StoragePolicy
}
