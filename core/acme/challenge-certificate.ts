/** The certificate that proves a name by tls-alpn-01 (RFC 8737 3): it vouches for itself and says one digest. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { nameExtension, pemOf, publicKeyOf, signatureAlgorithm, signed } from './certificate-request.ts'
import type { SecureMaterial } from '../net/tls-context.ts'
import { context, integer, octets, oid, sequence, set, time, utf8, yes } from './der.ts'

const OID = { acmeIdentifier: '1.3.6.1.5.5.7.1.31', commonName: '2.5.4.3' }

/** A clock that is off by less does no harm: nobody looks at these dates but to read them. */
const MARGIN_MS = 7 * 24 * 3600 * 1000

/** `now`: ms since 1970. */
export function challengeCertificate(name: string, keyAuthorization: string, now: number): SecureMaterial {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const digest = createHash('sha256').update(keyAuthorization).digest()
  const subject = sequence(set(sequence(oid(OID.commonName), utf8('ACME challenge'))))
  const identifier = sequence(oid(OID.acmeIdentifier), yes, octets(octets(digest)))
  const content = sequence(
    // Version 3.
    context(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    signatureAlgorithm,
    subject,
    sequence(time(now - MARGIN_MS), time(now + MARGIN_MS)),
    subject,
    publicKeyOf(privateKey),
    context(3, sequence(nameExtension(name), identifier)),
  )
  return { chain: toPemBlock('CERTIFICATE', signed(content, privateKey)), key: pemOf(privateKey) }
}

export function toPemBlock(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
