/** What the config says of certificates that are had by ACME; of one listener. */
import type { Secret } from '../secrets.ts'
import type { ChallengeKind } from './answers.ts'
import type { Binding } from './jws.ts'

/** A CA to order from. */
export interface DirectoryPolicy {
  readonly url: string
  /** PEM file of who signs the CA's own certificate, absolute; undefined: whom the system trusts. */
  readonly ca: string | undefined
  readonly binding: Binding | undefined
}

export type StoragePolicy =
  /** Absolute; undefined: where our user's lasting files are. */
  | { readonly kind: 'folder'; readonly folder: string | undefined }
  | { readonly kind: 'redis'; readonly url: Secret }
  | { readonly kind: 'etcd'; readonly endpoints: readonly string[]; readonly prefix: string }

export interface AcmePolicy {
  /** Where the CA writes to; undefined: nowhere. */
  readonly email: string | undefined
  /** In the order in which they are asked. */
  readonly directories: readonly [DirectoryPolicy, ...DirectoryPolicy[]]
  /** In lower case; a certificate each. */
  readonly names: readonly string[]
  readonly challenge: ChallengeKind
  /** The program that sets and takes away records of dns-01, and ms until they can be seen. */
  readonly dns: { readonly hook: string; readonly settleMs: number } | undefined
  /** Whom to ask whether a name that nobody configured may have one; undefined: none may. */
  readonly onDemand: { readonly ask: string } | undefined
  readonly storage: StoragePolicy
}
