/** A request for a certificate (PKCS #10, RFC 2986) for one name: `node:crypto` makes none. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { Secret } from '../secrets.ts'
import { bits, context, integer, octets, oid, primitive, sequence, set } from './der.ts'

const OID = { ecdsaWithSha256: '1.2.840.10045.4.3.2', extensionRequest: '1.2.840.113549.1.9.14', names: '2.5.29.17' }

/** ECDSA with SHA-256 (RFC 5758 3.2), which has no parameters. */
export const signatureAlgorithm = sequence(oid(OID.ecdsaWithSha256))

/** The extension that holds names (RFC 5280 4.2.1.6): one of DNS. */
export const nameExtension = (name: string): Buffer =>
  sequence(oid(OID.names), octets(sequence(primitive(2, Buffer.from(name, 'latin1')))))

/** What was signed, how, and the signature: the form that requests and certificates share. `key`: private, P-256. */
export const signed = (content: Buffer, key: KeyObject): Buffer =>
  sequence(content, signatureAlgorithm, bits(sign('sha256', content, key)))

export const publicKeyOf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' })

/** In DER; the subject stays empty, since names count alone (RFC 8555 7.4). `key`: the certificate's, private, P-256. */
export function certificateRequest(name: string, key: KeyObject): Buffer {
  const extensions = sequence(oid(OID.extensionRequest), set(sequence(nameExtension(name))))
  return signed(sequence(integer(Buffer.of(0)), sequence(), publicKeyOf(key), context(0, extensions)), key)
}

/** A private key, to be kept. */
export const pemOf = (key: KeyObject): Secret => new Secret(key.export({ type: 'pkcs8', format: 'pem' }))
