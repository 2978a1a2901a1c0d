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

/** Who vouches for clients, in PEM. */
export interface Authorities {
  readonly ca: readonly string[]
  /** What they have revoked; of one that has given such a list, all that it has signed must be looked up there. */
  readonly crl: readonly string[]
}

/**
 * Of TLS 1.2: forward secrecy and authenticated encryption alone, as Mozilla's "intermediate" has them; in brackets the client
 * has the choice, since one without AES in hardware does better with ChaCha20. Those of 1.3 are all good.
 */
export const CIPHERS = [
  '[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]',
  '[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':')

/** Of those for one name, the preferred first; of none: every handshake fails. Throws where BoringSSL refuses them. */
export function contextOf(
  certificates: readonly SecureMaterial[],
  { minVersion }: Strength,
  clients?: Authorities,
): SecureContext {
  const options: SecureContextOptions = {
    ...(certificates.length > 0 && { cert: certificates.map(({ chain }) => chain), key: certificates.map(keyOf) }),
    // Also what BoringSSL makes a chain from, in each handshake, of a certificate that comes alone: else it looks for who has
    // signed it among the system's files, and sends what it finds there.
    ca: clients === undefined ? certificates.map(({ chain }) => chain) : clients.ca.flatMap(blocksOf),
    ...(clients && { requestCert: true, rejectUnauthorized: false }),
    ...(clients && clients.crl.length > 0 && { crl: clients.crl.flatMap(blocksOf) }),
    minVersion: `TLSv${minVersion}`,
    ciphers: CIPHERS,
    // Of 1.2: the first of ours counts.
    honorCipherOrder: true,
  }
  return createSecureContext(options).context as SecureContext
}

const keyOf = ({ key, passphrase }: SecureMaterial) =>
  passphrase === undefined ? { pem: key.reveal() } : { pem: key.reveal(), passphrase: passphrase.reveal() }

/** Of a text in PEM, each by itself: of several in one Bun 1.4.5 reads the first list alone. */
const blocksOf = (text: string): string[] => text.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? []
