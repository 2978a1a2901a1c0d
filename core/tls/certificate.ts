/** A certificate with its chain and its key, as they are read from PEM and checked, and what is known of it. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { SecureMaterial } from '../net/tls-context.ts'
import type { Secret } from '../secrets.ts'

export interface Certificate extends SecureMaterial {
  /** DNS names that it is for, lower case, `*.example.com` as it stands there. */
  readonly names: readonly string[]
  /** Who has signed it: the common name, or all there is. */
  readonly issuer: string
  readonly kind: KeyKind
  /** Unix ms; it is valid from the one to the other. */
  readonly notBefore: number
  readonly notAfter: number
  /** SHA-256, `AA:BB:…`. */
  readonly fingerprint: string
  /** It names where the certificate of who signed it is to be had, and does not bring it along: many clients won't trust it. */
  readonly isCut: boolean
}

/** All clients of today can use ECDSA, which costs a server far less. */
export type KeyKind = 'ecdsa' | 'rsa'

/** Which of the two texts is wrong. */
export type MaterialPart = 'chain' | 'key'

/** What is wrong with material; its message completes a sentence that begins with what the part is called: `must …`. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly part: MaterialPart

  constructor(part: MaterialPart, message: string) {
    super(message)
    this.part = part
  }
}

/** In PEM; a chain of four with long names takes 12 KiB. */
const MAX_TEXT_LENGTH = 256 * 1024
const MAX_CHAIN_LENGTH = 10
/** Bits; BoringSSL takes no others, and beyond 4096 a handshake costs 10 ms and more. */
const RSA_BITS = { min: 2048, max: 8192 }
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** Throws CertificateError; never with anything of the key in it. */
export function readCertificate(material: SecureMaterial): Certificate {
  const chain = readChain(material.chain)
  const [leaf] = chain
  const key = readKey(material)
  if (!leaf.checkPrivateKey(key))
    throw new CertificateError('key', 'must be the key of its certificate, this is the key of another')
  return {
    ...material,
    names: namesOf(leaf),
    issuer: commonName(leaf.issuer) ?? leaf.issuer,
    kind: key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ecdsa',
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    fingerprint: leaf.fingerprint256,
    isCut: chain.length === 1 && leaf.infoAccess?.includes('CA Issuers') === true,
  }
}

/** The common name of a subject or issuer as `X509Certificate` tells it, a line for each part. */
const commonName = (subject: string): string | undefined => /^CN=(.+)$/m.exec(subject)?.[1]

type Chain = readonly [X509Certificate, ...X509Certificate[]]

function readChain(text: string): Chain {
  const fail = (message: string): never => {
    throw new CertificateError('chain', message)
  }
  if (text.length > MAX_TEXT_LENGTH) fail(`must be at most ${MAX_TEXT_LENGTH / 1024} KiB`)
  const blocks =
    text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
  if (blocks.length === 0) fail(`must hold a certificate in PEM${isKey ? ', this is a private key' : ''}`)
  if (blocks.length > MAX_CHAIN_LENGTH)
    fail(`must hold at most ${MAX_CHAIN_LENGTH} certificates, this holds ${blocks.length}`)
  const chain = blocks.map(
    (block, index) => parse(block) ?? fail(`must hold certificates in PEM: number ${index + 1} can't be read`),
  )
  chain.slice(1).forEach((signer, index) => {
    const signed = chain[index] as X509Certificate
    if (signed.checkIssued(signer)) return
    const by = commonName(signed.issuer) ?? signed.issuer
    fail(
      `must hold each certificate behind the one that it signed: behind number ${index + 1} belongs "${by}", ` +
        `and there is "${commonName(signer.subject) ?? signer.subject}"`,
    )
  })
  return chain as unknown as Chain
}

function parse(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block)
  } catch {
    return undefined
  }
}

function readKey({ key, passphrase }: SecureMaterial): KeyObject {
  const read = openKey(key.reveal(), passphrase)
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = read
  const bits = details?.modulusLength ?? 0
  if (type === 'rsa' && bits >= RSA_BITS.min && bits <= RSA_BITS.max) return read
  if (type === 'ec' && CURVES.has(details?.namedCurve)) return read
  const is = type === 'rsa' ? `RSA of ${bits} bits` : (details?.namedCurve ?? type ?? 'of an unknown kind')
  const rule = `must be ECDSA on P-256, P-384 or P-521, or RSA of ${RSA_BITS.min} to ${RSA_BITS.max} bits`
  throw new CertificateError('key', `${rule}, this is ${is}`)
}

/** What BoringSSL says of a key that it can't open may tell something of it, and helps nobody. */
function openKey(text: string, passphrase: Secret | undefined): KeyObject {
  const fail = (message: string): never => {
    throw new CertificateError('key', message)
  }
  if (text.length > MAX_TEXT_LENGTH) fail(`must be at most ${MAX_TEXT_LENGTH / 1024} KiB`)
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const isCertificate = text.includes('-----BEGIN CERTIFICATE-----')
    fail(`must hold a private key in PEM${isCertificate ? ', this is a certificate' : ''}`)
  }
  try {
    return createPrivateKey({ key: text, ...(passphrase && { passphrase: passphrase.reveal() }) })
  } catch {
    const isEncrypted = /ENCRYPTED/.test(text)
    if (isEncrypted && passphrase === undefined) return fail('is encrypted, and no passphrase is given for it')
    return fail(
      isEncrypted
        ? "is encrypted, and can't be opened with its passphrase"
        : "must hold a private key in PEM, this can't be read",
    )
  }
}

/** By the names that are meant for that (RFC 6125 6.4.4); the common name only where there are none. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const listed = (subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []))
  const common = commonName(subject)
  return (listed.length === 0 && common !== undefined ? [common] : listed).map((name) => name.toLowerCase())
}
