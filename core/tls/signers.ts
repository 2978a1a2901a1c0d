/** Who has signed a client's certificate, as far as the authorities of its rule tell: Bun does not tell what else a client sends. */
import { X509Certificate } from 'node:crypto'
import type { Authorities } from '../net/tls-context.ts'

const MAX_DEPTH = 10
const parsed = new WeakMap<Authorities, readonly X509Certificate[]>()

/** Each by the next, without a root that has signed itself. */
export function signersOf(certificate: X509Certificate, authorities: Authorities): readonly X509Certificate[] {
  const known = certificatesOf(authorities)
  const signers: X509Certificate[] = []
  for (let signed = certificate; signers.length < MAX_DEPTH;) {
    const signer = known.find((one) => signed.checkIssued(one) && signed.verify(one.publicKey))
    if (signer === undefined || signer.checkIssued(signer)) break
    signers.push(signer)
    signed = signer
  }
  return signers
}

function certificatesOf(authorities: Authorities): readonly X509Certificate[] {
  const known = parsed.get(authorities)
  if (known !== undefined) return known
  const blocks = authorities.ca.flatMap(
    (text) => text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [],
  )
  const certificates = blocks.map((block) => new X509Certificate(block))
  parsed.set(authorities, certificates)
  return certificates
}
