/** Certificates and rules -> what handshakes are made of. */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Secret } from '../secrets.ts'
import type { SecureContext } from './tls.ts'

/** Certificates and a private key in PEM (RFC 7468): what a certificate is made of. */
export interface SecureMaterial {
  /** The certificate first, then those that signed it, each behind the one it signed; the root may be left out. */
  readonly chain: string
  readonly key: Secret
  /** Of an encrypted key. */
  readonly passphrase?: Secret | undefined
}

export interface Strength {
  readonly minVersion: '1.2' | '1.3'
}

/** Of TLS 1.2: forward secrecy and authenticated encryption alone, as Mozilla's "intermediate" has them. Those of 1.3 are all good. */
const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Of those for one name, the preferred first; of none: every handshake fails. Throws where BoringSSL refuses them. */
export function contextOf(certificates: readonly SecureMaterial[], { minVersion }: Strength): SecureContext {
  const options: SecureContextOptions = {
    ...(certificates.length > 0 && { cert: certificates.map(({ chain }) => chain), key: certificates.map(keyOf) }),
    minVersion: `TLSv${minVersion}`,
    ciphers: CIPHERS,
  }
  return createSecureContext(certificates.length === 0 ? { ...options, cert: undefined, key: undefined } : options)
    .context
}

const keyOf = ({ key, passphrase }: SecureMaterial) =>
  passphrase === undefined ? { pem: key.reveal() } : { pem: key.reveal(), passphrase: passphrase.reveal() }
