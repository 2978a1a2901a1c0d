/** A certificate in PEM with its key, read and checked: what may be served, until when, and what RFC 9773 calls it. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { Secret } from '../secrets.ts'
import type { PemPair } from './challenge-certificate.ts'
import { type DerValue, oid, readAll, readOne } from './der.ts'
import { MAX_CHAIN_BYTES } from './session.ts'

export interface Certificate extends PemPair {
  /** As the certificate has them, in lower case. */
  readonly names: readonly string[]
  /** Of whom it is, in one line. */
  readonly issuer: string
  /** Of validity; ms since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** SHA-256 of the leaf, hexadecimal. */
  readonly fingerprint: string
  /** By which its CA can be asked when to renew it; undefined: it says too little of its issuer. */
  readonly renewalId: string | undefined
}

export type ReadCertificate =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** In words: completes "it". */
  | { readonly kind: 'fault'; readonly reason: string }

/** A leaf, one or two above it, and no more than that can be meant. */
const MAX_CHAIN = 10
const BLOCK = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g

/** `cert`: the chain, leaf first. Looks whether all belongs together; not whether it is valid now. Never throws. */
export function readCertificate({ chain: cert, key }: PemPair): ReadCertificate {
  if (cert.length > MAX_CHAIN_BYTES) return wrong(`has more than ${MAX_CHAIN_BYTES} bytes`)
  const blocks = cert.match(BLOCK) ?? []
  if (blocks.length === 0) return wrong('has no certificate in PEM')
  if (blocks.length > MAX_CHAIN) return wrong(`has more than ${MAX_CHAIN} certificates`)
  const chain: readonly (X509Certificate | undefined)[] = blocks.map(parsed)
  if (!isWhole(chain)) return wrong('has a certificate that cannot be read')
  const [leaf] = chain
  const privateKey = privateKeyOf(key.reveal())
  if (privateKey === undefined)
    return wrong('has a private key that cannot be read: PEM without a passphrase is wanted')
  if (!isOf(leaf, privateKey)) return wrong('has a private key that is not the certificate’s')
  if (!chain.every((one, index) => index === 0 || isSignedBy(chain[index - 1], one)))
    return wrong('has a chain in the wrong order: each certificate must be signed by the next')
  const names = namesOf(leaf)
  if (names.length === 0) return wrong('is for no name')
  return {
    kind: 'certificate',
    certificate: {
      chain: `${blocks.join('\n')}\n`,
      key,
      names,
      issuer: leaf.issuer.replaceAll('\n', ', '),
      notBefore: Date.parse(leaf.validFrom),
      notAfter: Date.parse(leaf.validTo),
      fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      renewalId: renewalIdOf(leaf),
    },
  }
}

/** Of both in one text, as they lie in storage. */
export function readPem(text: string): ReadCertificate {
  const [key] =
    text.match(/-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[\sA-Za-z0-9+/=]+-----END (?:EC |RSA )?PRIVATE KEY-----/) ?? []
  return key === undefined ? wrong('has no private key') : readCertificate({ chain: text, key: new Secret(`${key}\n`) })
}

export const toPem = ({ chain, key }: PemPair): string => `${key.reveal().trimEnd()}\n${chain}`

/** Whether a certificate's names hold one: as it stands, or by an asterisk for its first label (RFC 9525 6.3). */
export function isFor({ names }: Pick<Certificate, 'names'>, name: string): boolean {
  return names.includes(name) || names.includes(name.replace(/^[^.*]+\./, '*.'))
}

const wrong = (reason: string): ReadCertificate => ({ kind: 'fault', reason })

function parsed(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block)
  } catch {
    return undefined
  }
}

const isWhole = (
  chain: readonly (X509Certificate | undefined)[],
): chain is readonly [X509Certificate, ...X509Certificate[]] => chain.every((one) => one !== undefined)

function privateKeyOf(key: string): KeyObject | undefined {
  try {
    return createPrivateKey(key)
  } catch {
    return undefined
  }
}

function isOf({ publicKey }: X509Certificate, key: KeyObject): boolean {
  const bytes = (one: KeyObject): Buffer => one.export({ type: 'spki', format: 'der' })
  return bytes(publicKey).equals(bytes(createPublicKey(key)))
}

function isSignedBy(one: X509Certificate | undefined, by: X509Certificate): boolean {
  try {
    return one?.verify(by.publicKey) === true
  } catch {
    return false
  }
}

const namesOf = ({ subjectAltName }: X509Certificate): readonly string[] =>
  (subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : []))

/** RFC 9773 4.1: what the authority's key and the serial number are, both in base64url, joined by a dot. */
function renewalIdOf({ raw }: X509Certificate): string | undefined {
  try {
    const [content] = readAll(readOne(raw).content)
    const fields = readAll(content?.content ?? Buffer.alloc(0))
    // Behind an explicit version comes the serial number.
    const serial = fields.find(({ tag }) => tag === 0x02)
    const extensions = fields.find(({ tag }) => tag === 0xa3)
    const authority = extensions && extensionOf(extensions, '2.5.29.35')
    const keyId = authority && readAll(readOne(authority).content).find(({ tag }) => tag === 0x80)
    if (serial === undefined || keyId === undefined) return undefined
    return `${keyId.content.toString('base64url')}.${serial.content.toString('base64url')}`
  } catch {
    return undefined
  }
}

/** What an extension holds; undefined: there is none. */
function extensionOf({ content }: DerValue, id: string): Buffer | undefined {
  const wanted = readOne(oid(id)).content
  for (const extension of readAll(readOne(content).content)) {
    const [name, ...rest] = readAll(extension.content)
    if (name?.content.equals(wanted)) return rest.at(-1)?.content
  }
  return undefined
}
