/** What GET /api/status tells of a listener. Pure. */
import { isoTime } from './iso-time.ts'
import type { CertificateView, ListenerView } from './view.ts'

export interface ListenerStatus {
  readonly name: string
  /** `host:port` with the real port, or `unix:/path`. */
  readonly address: string
  /** What it offers in handshakes; null: its clients speak plain HTTP. */
  readonly certificates: readonly CertificateStatus[] | null
}

export interface CertificateStatus extends Omit<CertificateView, 'notAfter'> {
  readonly notAfter: string
}

export const listenerStatus = ({ name, address, certificates }: ListenerView): ListenerStatus => ({
  name,
  address,
  certificates:
    certificates?.map((certificate) => ({ ...certificate, notAfter: isoTime(certificate.notAfter) })) ?? null,
})
