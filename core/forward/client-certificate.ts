/** What is known of a client's certificate that the handshake has verified, and how backends are told of it. */
import type { X509Certificate } from 'node:crypto'

export interface ClientCertificate {
  /** SHA-256 of the whole, `AA:BB:…`. */
  readonly fingerprint: string
  /** Of whom it is, the most specific part first: `CN=alice,O=Example` (RFC 4514). */
  readonly subject: string
  /** The parts of that. */
  readonly subjectParts: readonly string[]
  /** Other names of its subject: `DNS:a.example`, `URI:spiffe://…`, `email:a@example`, `IP Address:192.0.2.1`. */
  readonly names: readonly string[]
  readonly x509: X509Certificate
}

export function describeClient(x509: X509Certificate): ClientCertificate {
  const subjectParts = x509.subject.split('\n').toReversed()
  return {
    fingerprint: x509.fingerprint256,
    subject: subjectParts.join(','),
    subjectParts,
    names: namesIn(x509.subjectAltName ?? ''),
    x509,
  }
}

/** A name that could be taken for several stands in quotes, as JSON has them. */
function namesIn(listed: string): string[] {
  const parts = listed.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)
  return [...parts].map(([, kind, text = '']) => `${kind}:${text.startsWith('"') ? String(JSON.parse(text)) : text}`)
}

/** `Client-Cert` (RFC 9440 2.2): a byte sequence of RFC 8941. */
export const clientCertLine = ({ x509 }: ClientCertificate): string => `Client-Cert: ${bytesOf(x509)}\r\n`

/** `Client-Cert-Chain` (RFC 9440 2.3): those that signed it, each by the next. */
export const clientCertChainLine = (signers: readonly X509Certificate[]): string =>
  `Client-Cert-Chain: ${signers.map(bytesOf).join(', ')}\r\n`

const bytesOf = ({ raw }: X509Certificate): string => `:${raw.toString('base64')}:`

/** `X-Forwarded-Client-Cert` as Envoy has it: elements of this hop alone. */
export function xfccLine({ fingerprint, subject, names }: ClientCertificate): string {
  const hash = fingerprint.replaceAll(':', '').toLowerCase()
  const others = names.flatMap((name) => {
    const [, kind, text = ''] = /^(URI|DNS):(.*)$/s.exec(name) ?? []
    return kind === undefined ? [] : [`${kind}=${plainOrQuoted(text)}`]
  })
  return `X-Forwarded-Client-Cert: ${[`Hash=${hash}`, `Subject=${quoted(subject)}`, ...others].join(';')}\r\n`
}

/** Nothing that ends a line or a field, whatever a certificate says. */
const quoted = (text: string): string => `"${printable(text).replace(/["\\]/g, '\\$&')}"`

const plainOrQuoted = (text: string): string =>
  /^[!#-+\--:<>-~]*$/.test(text) && !text.includes('=') ? text : quoted(text)

const printable = (text: string): string => text.toWellFormed().replace(/[^ -~]/gu, encodeURIComponent)

/** What strangers may not say. */
export const CLIENT_CERT_FIELDS = ['client-cert', 'client-cert-chain', 'x-forwarded-client-cert'] as const
