/** Certificates as they lie in storage, with their keys in one text; which names they are for, and what RFC 9773 calls them. */
import { X509Certificate } from 'node:crypto'
import type { SecureMaterial } from '../net/tls-context.ts'
import { Secret } from '../secrets.ts'
import { type Certificate, CertificateError, readCertificate } from '../tls/certificate.ts'
import { type DerValue, oid, readAll, readOne } from './der.ts'

export type ReadCertificate =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** In words: completes "its certificate", "its key". */
  | { readonly kind: 'fault'; readonly part: 'certificate' | 'key'; readonly rule: string }

/** Looks whether all belongs together; not whether it is valid now. Never throws. */
export function readPair(material: SecureMaterial): ReadCertificate {
  try {
    return { kind: 'certificate', certificate: readCertificate(material) }
  } catch (error) {
    if (error instanceof CertificateError)
      return { kind: 'fault', part: error.part === 'key' ? 'key' : 'certificate', rule: error.message }
    return { kind: 'fault', part: 'certificate', rule: 'must be a certificate that can be read' }
  }
}

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/

/** Of both in one text, as they lie in storage. */
export const readPem = (text: string): ReadCertificate =>
  readPair({ chain: text.replace(KEY, ''), key: new Secret(KEY.exec(text)?.[0] ?? '') })

/** The URL of the directory that it was had from; undefined: it was brought along. */
export const originIn = (text: string): string | undefined => /^# (https?:\/\/[!-~]{1,2048})$/m.exec(text)?.[1]

/** As it lies in storage. `origin`: as above, in a comment, which readers of PEM leave out. */
export const toPem = ({ chain, key }: SecureMaterial, origin?: string): string => {
  const blocks =
    chain.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  return [...(origin === undefined ? [] : [`# ${origin}`]), key.reveal().trim(), ...blocks, ''].join('\n')
}

/** Whether a certificate's names hold one: as it stands, or by an asterisk for its first label (RFC 9525 6.3). */
export const isFor = ({ names }: Pick<Certificate, 'names'>, name: string): boolean =>
  names.includes(name) || names.includes(name.replace(/^[^.*]+\./, '*.'))

/**
 * RFC 9773 4.1: what the authority's key and the serial number are, both in base64url, joined by a dot; undefined: it says
 * too little of who signed it.
 */
export function renewalIdOf({ chain }: Pick<Certificate, 'chain'>): string | undefined {
  try {
    const [content] = readAll(readOne(new X509Certificate(chain).raw).content)
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
