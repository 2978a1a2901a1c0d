/** Lets in whose certificate was verified in the handshake, and, where a rule says so, only those of some subjects, names or fingerprints. */
import type { ClientCertificate } from '../forward/client-certificate.ts'
import { type Admission, ADMITTED, type Verdict } from './admission.ts'
import type { CertificatePolicy } from './policy.ts'

const refusal = (detail: string): Verdict => ({
  kind: 'refused',
  problem: { status: 403, detail },
  reason: 'certificate',
})
const NONE = refusal('this needs a client certificate, shown as the connection begins')
const OTHER = refusal('this client certificate is not allowed here')

export const allowCertificates = (policy: CertificatePolicy): Admission => ({
  admit(asked) {
    const { certificate } = asked.client.peer
    if (certificate === undefined) return NONE
    if (!isAllowed(certificate, policy)) return OTHER
    asked.subject ??= { key: `certificate ${certificate.fingerprint}` }
    return ADMITTED
  },
})

/** By any of the lists; without any, everybody's. */
function isAllowed(certificate: ClientCertificate, { subjects, names, fingerprints }: CertificatePolicy): boolean {
  if (subjects === undefined && names === undefined && fingerprints === undefined) return true
  return (
    subjects?.some((subject) => subject === certificate.subject || certificate.subjectParts.includes(subject)) ===
      true ||
    names?.some((pattern) => certificate.names.some((name) => isMeant(pattern, name))) === true ||
    fingerprints?.includes(certificate.fingerprint) === true
  )
}

/** A `*` at its end stands for whatever follows. */
const isMeant = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
