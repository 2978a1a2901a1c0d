/** Certificates as the admin API tells them, for tests. */
import type { CertificateView } from '../../core/admin/certificate-view.ts'

/** One that is ordered, and good for some time. */
export const sampleCertificate = (facts: Partial<CertificateView> = {}): CertificateView => ({
  name: 'a.test',
  listeners: ['web'],
  source: 'acme',
  place: '/var/lib/smartedge/acme',
  names: ['a.test'],
  issuer: 'Some CA',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2026-04-01T00:00:00.000Z',
  fingerprint: 'AA:BB',
  renewsAt: '2026-03-02T00:00:00.000Z',
  isOrdering: false,
  failures: 0,
  detail: '',
  ...facts,
})

/** A name that has none. */
export const missingCertificate = (facts: Partial<CertificateView> = {}): CertificateView =>
  sampleCertificate({
    name: 'b.test',
    names: [],
    issuer: '',
    notBefore: null,
    notAfter: null,
    fingerprint: '',
    failures: 2,
    detail: 'ECONNREFUSED',
    ...facts,
  })
