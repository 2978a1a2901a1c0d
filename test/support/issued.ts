/** Certificates that a test issues itself, for any time and name: a root, and leaves that it signs. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { nameExtension, pemOf, publicKeyOf, signatureAlgorithm, signed } from '../../core/acme/certificate-request.ts'
import { toPemBlock } from '../../core/acme/challenge-certificate.ts'
import type { SecureMaterial } from '../../core/net/tls-context.ts'
import { context, integer, octets, oid, primitive, sequence, set, time, utf8 } from '../../core/acme/der.ts'

export interface Dates {
  /** ms since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

export interface Issuer {
  /** In PEM. */
  readonly root: string
  /** The chain of a leaf for that name and public key (SPKI in DER), root included. */
  issue(name: string, publicKey: Buffer, dates: Dates): string
  /** With a key of its own. */
  pair(name: string, dates: Dates): SecureMaterial
}

const named = (name: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(name))))

export function createIssuer(name = 'Stand-in CA'): Issuer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyId = createHash('sha1').update(publicKeyOf(privateKey)).digest()
  const extension = (id: string, content: Buffer) => sequence(oid(id), octets(content))
  const authority = extension('2.5.29.35', sequence(primitive(0, keyId)))

  function certificate(
    subject: Buffer,
    publicKey: Buffer,
    { notBefore, notAfter }: Dates,
    extensions: Buffer[],
  ): string {
    const content = sequence(
      context(0, integer(Buffer.of(2))),
      integer(randomBytes(8)),
      signatureAlgorithm,
      named(name),
      sequence(time(notBefore), time(notAfter)),
      subject,
      publicKey,
      context(3, sequence(...extensions)),
    )
    return toPemBlock('CERTIFICATE', signed(content, privateKey))
  }

  const always = { notBefore: 0, notAfter: Date.UTC(2100, 0, 1) }
  const root = certificate(named(name), publicKeyOf(privateKey), always, [
    extension('2.5.29.14', octets(keyId)),
    // basicConstraints: a CA.
    extension('2.5.29.19', sequence(Buffer.of(1, 1, 0xff))),
  ])
  const issue: Issuer['issue'] = (leaf, publicKey, dates) =>
    certificate(named(leaf), publicKey, dates, [nameExtension(leaf), authority]) + root
  return {
    root,
    issue,
    pair(leaf, dates) {
      const key: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      return { chain: issue(leaf, publicKeyOf(key), dates), key: pemOf(key) }
    },
  }
}
