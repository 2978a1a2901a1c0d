/** A certificate, or a name that wants one, as the admin API tells it. Never a key. */

export interface CertificateView {
  /** What it is kept for; of one from files the first of its names. */
  readonly name: string
  /** Names of the listeners that serve it. */
  readonly listeners: readonly string[]
  readonly source: 'acme' | 'files'
  /** Where it lies, in words. */
  readonly place: string
  /** Those in the certificate; none, and the next two '' and null: there is none yet. */
  readonly names: readonly string[]
  readonly issuer: string
  /** RFC 3339. */
  readonly notBefore: string | null
  readonly notAfter: string | null
  /** SHA-256, `AA:BB:…`. */
  readonly fingerprint: string
  /** When it is ordered anew, RFC 3339; null: nobody does that. */
  readonly renewsAt: string | null
  readonly isOrdering: boolean
  /** Orders that failed one after the other, and why the last one did; '': none has. */
  readonly failures: number
  readonly detail: string
}
