/** How a listener ends TLS, as the config says it. */
import type { AcmePolicy } from '../acme/policy.ts'
import type { Secret } from '../secrets.ts'

export interface TlsPolicy {
  /** Besides those of `acme`, where there is that. */
  readonly certificates: readonly CertificateFiles[]
  /** Absent: none are ordered. */
  readonly acme?: AcmePolicy
  readonly minVersion: TlsVersion
  readonly preset: TlsPreset
  /** Whether who names nobody, or somebody that no certificate is for, is refused; else the first certificate is shown. */
  readonly strict: boolean
  readonly handshakeTimeoutMs: number
  /** Under way at once on this listener. */
  readonly maxHandshakes: number
  /** What clients have to show; the first that names a server counts. Absent: nothing. */
  readonly clients?: readonly ClientsPolicy[]
  /** What browsers are told to remember; absent: nothing. */
  readonly hsts?: HstsPolicy
}

/** That a name is to be had by HTTPS alone (RFC 6797). */
export interface HstsPolicy {
  readonly maxAgeMs: number
  readonly includeSubDomains: boolean
  readonly preload: boolean
}

/** Absolute paths of files in PEM. */
export interface CertificateFiles {
  /** The certificate, then those that signed it. */
  readonly cert: string
  readonly key: string
  readonly passphrase: Secret | undefined
}

export type TlsVersion = '1.2' | '1.3'

/** As Mozilla's guidelines for servers call them: TLS 1.3 alone, or 1.2 as well. */
export type TlsPreset = 'modern' | 'intermediate'

/** What clients have to show of themselves. */
export interface ClientsPolicy {
  /** Lower case, `*.example.com` for one label; undefined: all that no rule before names. */
  readonly names: readonly string[] | undefined
  readonly certificate: 'required' | 'optional'
  /** Absolute paths of files in PEM: who vouches for clients, and what they have revoked. */
  readonly ca: readonly string[]
  readonly crl: readonly string[]
  /** How backends are told. */
  readonly tell: readonly Telling[]
}

/** RFC 9440's two fields; `xfcc`: X-Forwarded-Client-Cert, as Envoy has it. */
export type Telling = 'client-cert' | 'client-cert-chain' | 'xfcc'
