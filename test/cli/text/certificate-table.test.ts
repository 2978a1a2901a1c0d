import { expect, test } from 'bun:test'
import { certificateFacts, certificateTable } from '../../../cli/text/certificate-table.ts'
import { missingCertificate, sampleCertificate } from '../../support/sample-certificate.ts'

const NOW = Date.UTC(2026, 2, 1)

test('a table says what is good, near its end, over and missing', () => {
  const certificates = [
    sampleCertificate(),
    sampleCertificate({ name: 'near.test', notAfter: '2026-03-03T00:00:00.000Z', failures: 3 }),
    sampleCertificate({ name: 'over.test', notAfter: '2026-02-01T00:00:00.000Z', isOrdering: true }),
    sampleCertificate({ name: 'file.test', source: 'files', renewsAt: null, listeners: ['web', 'other'] }),
    missingCertificate(),
  ]
  expect(certificateTable(certificates, NOW, false)).toBe(
    [
      '  name       state                 until       renews      issuer   listeners\n',
      '  a.test     31d 0h left           2026-04-01  2026-03-02  Some CA  web\n',
      '  near.test  2d 0h left, 3 failed  2026-03-03  2026-03-02  Some CA  web\n',
      '  over.test  expired, ordering     2026-02-01  2026-03-02  Some CA  web\n',
      '  file.test  31d 0h left           2026-04-01  -           Some CA  web, other\n',
      '  b.test     missing, 2 failed     -           2026-03-02  -        web\n',
    ].join(''),
  )
})

test('strangers’ texts are shown as text', () => {
  const shown = certificateTable([sampleCertificate({ issuer: 'a\u001b[31mb' })], NOW, false)
  expect(shown).not.toContain('\u001b')
  expect(certificateFacts(missingCertificate({ detail: 'x\u001b[2J' }), NOW, false)).not.toContain('\u001b')
})

test('of one all is told', () => {
  expect(certificateFacts(missingCertificate(), NOW, false)).toBe(
    [
      'b.test\n',
      '  state         missing, 2 failed\n',
      '  names         -\n',
      '  issuer        -\n',
      '  valid         -\n',
      '  renews        2026-03-02 00:00 UTC\n',
      '  SHA-256       -\n',
      '  from          ACME, kept in /var/lib/smartedge/acme\n',
      '  listeners     web\n',
      '  last failure  ECONNREFUSED\n',
    ].join(''),
  )
  expect(certificateFacts(sampleCertificate(), NOW, false)).toContain('2026-01-01 00:00 UTC to 2026-04-01 00:00 UTC')
})
