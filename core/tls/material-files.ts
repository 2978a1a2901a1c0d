/** Reads what TLS needs of texts, and says in words what is wrong with them: whose files they are is for others to know. */
import { X509Certificate } from 'node:crypto'
import { contextOf } from '../net/tls-context.ts'
import { CertificateError } from './certificate.ts'

const MAX_AUTHORITIES = 1000

/** Certificates of authorities in PEM, as they are. Throws CertificateError. */
export function checkAuthorities(text: string): string {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new CertificateError('chain', 'must hold certificates in PEM')
  if (blocks.length > MAX_AUTHORITIES)
    throw new CertificateError('chain', `must hold at most ${MAX_AUTHORITIES} certificates`)
  blocks.forEach((block, index) => {
    try {
      if (new X509Certificate(block).ca) return
    } catch {
      throw new CertificateError('chain', `must hold certificates in PEM: number ${index + 1} can't be read`)
    }
    throw new CertificateError('chain', `must hold certificates of authorities: number ${index + 1} is none`)
  })
  return text
}

/** A list of revoked certificates in PEM, as it is. Throws CertificateError. */
export function checkRevocations(text: string): string {
  try {
    if (text.includes('-----BEGIN X509 CRL-----')) {
      contextOf([], { minVersion: '1.2' }, { ca: [], crl: [text] })
      return text
    }
  } catch {
    throw new CertificateError('chain', "must hold a list of revoked certificates in PEM, this can't be read")
  }
  throw new CertificateError('chain', 'must hold a list of revoked certificates in PEM (X509 CRL)')
}
