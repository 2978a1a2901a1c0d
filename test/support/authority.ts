/** Certificates for tests, made on the spot and signed by authorities of their own. */
import ipaddr from 'ipaddr.js'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { publicKeyOf } from '../../core/acme/certificate-request.ts'
import { toPemBlock } from '../../core/acme/challenge-certificate.ts'
import { bits, der, octets, oid, primitive, sequence, time, utf8, yes } from '../../core/acme/der.ts'
import type { SecureMaterial } from '../../core/net/tls-context.ts'
import { Secret } from '../../core/secrets.ts'
import { integer, nothing } from './der.ts'

export type KeyKind = 'ecdsa' | 'rsa'

export interface Issued {
  /** In PEM: the certificate alone, then with those that signed it but for the root. */
  readonly cert: string
  readonly chain: string
  /** In PEM, PKCS 8. */
  readonly key: string
  readonly serial: number
  readonly privateKey: KeyObject
}

export interface Wish {
  /** Of its subject; absent: the first name. */
  readonly subject?: string
  /** `a.example`, `*.example`, or with what it is in front: `IP:127.0.0.1`, `URI:spiffe://a`, `email:a@example`. */
  readonly names?: readonly string[]
  readonly kind?: KeyKind
  /** Unix ms; absent: from a day ago to in 90 days. */
  readonly notBefore?: number
  readonly notAfter?: number
  /** Of an encrypted key. */
  readonly passphrase?: string
  /** Where the certificate of who signed it is to be had (RFC 5280 4.2.2.1). */
  readonly caIssuers?: string
}

export interface Authority extends Issued {
  issue(wish: Wish): Issued
  /** As `issue`, for a key that somebody else has (SPKI in DER): its chain. */
  certify(wish: Wish, publicKey: Buffer): string
  /** Another authority, below this one. */
  below(subject: string): Authority
  /** In PEM: what it has revoked. */
  revoke(serials: readonly number[], nextUpdate?: number): string
}

const DAY = 24 * 60 * 60 * 1000
const COMMON_NAME = '2.5.4.3'
const ALTERNATIVE_NAMES = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const AUTHORITY_KEY = '2.5.29.35'
const CRL_NUMBER = '2.5.29.20'

/** With its first bit set, which DER puts a zero before. */
let serials = 0x80_00

/** A root. */
export const createAuthority = (subject = 'Test Root'): Authority => authority(subject, undefined)

/** Signed by itself. */
export const selfSigned = (wish: Wish): Issued => certificate(wish, undefined, { isAuthority: false })

/** As a listener has it. */
export const materialOf = ({ chain, key }: Issued): SecureMaterial => ({ chain, key: new Secret(key) })

function authority(subject: string, parent: Authority | undefined): Authority {
  const own = certificate({ subject }, parent, { isAuthority: true })
  // A root is known to whoever trusts it, and not sent.
  const self: Authority = {
    ...own,
    chain: parent === undefined ? '' : own.chain,
    issue: (wish) => certificate(wish, self, { isAuthority: false }),
    certify: (wish, publicKey) =>
      signedBy(self, { wish, serial: serials++, publicKey, signer: self.privateKey, isAuthority: false }) + self.chain,
    below: (name) => authority(name, self),
    revoke: (revoked, nextUpdate = Date.now() + 30 * DAY) => crl(self, subject, { revoked, nextUpdate }),
  }
  subjects.set(self, subject)
  return self
}

const subjects = new WeakMap<Issued, string>()

function certificate(
  wish: Wish,
  issuer: Authority | undefined,
  { isAuthority }: { readonly isAuthority: boolean },
): Issued {
  const { kind = 'ecdsa', passphrase } = wish
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [serial, signer] = [serials++, issuer?.privateKey ?? privateKey]
  const cert = signedBy(issuer, { wish, serial, publicKey: publicKeyOf(privateKey), signer, isAuthority })
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  const key = privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher })
  return { cert, chain: cert + (issuer?.chain ?? ''), key, serial, privateKey }
}

interface ToSign {
  readonly wish: Wish
  readonly serial: number
  readonly publicKey: Buffer
  readonly signer: KeyObject
  readonly isAuthority: boolean
}

/** In PEM, alone; undefined: it vouches for itself. */
function signedBy(issuer: Authority | undefined, { wish, serial, publicKey, signer, isAuthority }: ToSign): string {
  const subject = wish.subject ?? wish.names?.[0] ?? 'nobody'
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithmOf(signer),
    name((issuer && subjects.get(issuer)) ?? subject),
    sequence(time(wish.notBefore ?? Date.now() - DAY), time(wish.notAfter ?? Date.now() + 90 * DAY)),
    name(subject),
    publicKey,
    der(0xa3, sequence(...extensionsOf(wish, isAuthority), ...(issuer === undefined ? [] : [keyOf(issuer)]))),
  )
  return toPemBlock('CERTIFICATE', signed(body, signer))
}

/** Who has signed it, by the digest of their key (RFC 5280 4.2.1.1). */
function keyOf({ privateKey }: Authority): Buffer {
  const id = createHash('sha1').update(publicKeyOf(privateKey)).digest()
  return sequence(oid(AUTHORITY_KEY), octets(sequence(primitive(0, id))))
}

function crl(
  issuer: Authority,
  subject: string,
  { revoked, nextUpdate }: { readonly revoked: readonly number[]; readonly nextUpdate: number },
): string {
  const entries = revoked.map((serial) => sequence(integer(serial), time(Date.now() - DAY)))
  const body = sequence(
    integer(1),
    algorithmOf(issuer.privateKey),
    name(subject),
    time(Date.now() - DAY),
    time(nextUpdate),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    der(0xa0, sequence(sequence(oid(CRL_NUMBER), octets(integer(1))))),
  )
  return toPemBlock('X509 CRL', signed(body, issuer.privateKey))
}

const signed = (body: Buffer, key: KeyObject): Buffer =>
  sequence(body, algorithmOf(key), bits(sign('sha256', body, key)))

/** With SHA-256. */
const algorithmOf = (key: KeyObject): Buffer =>
  key.asymmetricKeyType === 'rsa'
    ? sequence(oid('1.2.840.113549.1.1.11'), nothing)
    : sequence(oid('1.2.840.10045.4.3.2'))

const name = (common: string): Buffer => sequence(der(0x31, sequence(oid(COMMON_NAME), utf8(common))))

function extensionsOf({ names = [], caIssuers }: Wish, isAuthority: boolean): Buffer[] {
  const constraints = sequence(oid(BASIC_CONSTRAINTS), yes, octets(isAuthority ? sequence(yes) : sequence()))
  // keyCertSign and cRLSign; digitalSignature.
  const usage = sequence(oid(KEY_USAGE), yes, octets(der(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80]))))
  const alternatives = sequence(oid(ALTERNATIVE_NAMES), octets(sequence(...names.map(alternativeName))))
  const access = sequence(oid('1.3.6.1.5.5.7.48.2'), der(0x86, Buffer.from(caIssuers ?? '')))
  const information = sequence(oid('1.3.6.1.5.5.7.1.1'), octets(sequence(access)))
  return [
    constraints,
    usage,
    ...(names.length > 0 ? [alternatives] : []),
    ...(caIssuers === undefined ? [] : [information]),
  ]
}

/** GeneralName (RFC 5280 4.2.1.6). */
function alternativeName(written: string): Buffer {
  if (written.startsWith('IP:')) return der(0x87, addressBytes(written.slice('IP:'.length)))
  const [, kind, text] = /^(URI|email):(.+)$/.exec(written) ?? [undefined, 'DNS', written]
  const tags = { email: 0x81, DNS: 0x82, URI: 0x86 } as const
  return der(tags[kind as keyof typeof tags], Buffer.from(text))
}

const addressBytes = (address: string): Buffer => Buffer.from(ipaddr.parse(address).toByteArray())

/** Of this machine, as a backend of a test has them. */
export const LOCAL_NAMES = ['localhost', 'IP:127.0.0.1', 'IP:::1']
