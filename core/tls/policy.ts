/** How a listener ends TLS, as the config says it. */
import type { Secret } from '../secrets.ts'

export interface TlsPolicy {
  readonly certificates: readonly CertificateFiles[]
  readonly minVersion: TlsVersion
  readonly preset: TlsPreset
  /** Whether who names nobody, or somebody that no certificate is for, is refused; else the first certificate is shown. */
  readonly strict: boolean
  readonly handshakeTimeoutMs: number
  /** Under way at once on this listener. */
  readonly maxHandshakes: number
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
