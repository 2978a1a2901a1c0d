import { describe, expect, test } from 'bun:test'
import { endingNotes, listenerNote } from '../../../cli/text/status-certificates.ts'
import type { CertificateStatus, StatusSnapshot } from '../../../core/report/snapshot.ts'

const DAY = 24 * 60 * 60 * 1000
const at = Date.UTC(2026, 0, 1)
const certificate = (name: string, days: number): CertificateStatus => ({
  names: [name],
  issuer: 'CA',
  kind: 'ecdsa',
  notAfter: new Date(at + days * DAY).toISOString(),
  fingerprint: `AA:${name}`,
})
const snapshotOf = (...certificates: CertificateStatus[]) =>
  ({
    listeners: [
      { name: 'web', address: '0.0.0.0:443', certificates },
      { name: 'plain', address: '0.0.0.0:80', certificates: null },
    ],
  }) as unknown as StatusSnapshot

describe('the status of certificates', () => {
  test('says which listeners end TLS', () => {
    expect(snapshotOf().listeners.map(listenerNote)).toEqual(['web on 0.0.0.0:443 (HTTPS)', 'plain on 0.0.0.0:80'])
    const older = { name: 'web', address: 'a:1' } as StatusSnapshot['listeners'][number]
    expect(listenerNote(older)).toBe('web on a:1')
    expect(listenerNote({ ...older, engine: 'serve' })).toBe('web on a:1 (Bun.serve)')
    expect(listenerNote({ ...older, engine: 'serve', certificates: [] })).toBe('web on a:1 (HTTPS, Bun.serve)')
    expect(listenerNote({ ...older, engine: 'serve', certificates: [], http3: true })).toBe(
      'web on a:1 (HTTPS, Bun.serve, HTTP/3)',
    )
    expect(endingNotes({ listeners: [older] } as unknown as StatusSnapshot, at, false)).toEqual([])
  })

  test('tells of one that several listeners share once', () => {
    const { listeners } = snapshotOf(certificate('a', 2), certificate('b', 3))
    const shared = { listeners: [...listeners, ...listeners] } as unknown as StatusSnapshot
    expect(endingNotes(shared, at, false)).toEqual([
      ['the certificate for a ends on 2026-01-03', 'the certificate for b ends on 2026-01-04'],
    ])
  })

  test('tells of those that end within 30 days, the first to end first', () => {
    expect(endingNotes(snapshotOf(certificate('a', 31)), at, false)).toEqual([])
    const some = snapshotOf(
      certificate('a', 30),
      certificate('b\u001B[2J', -1),
      certificate('c', 2),
      certificate('d', 3),
    )
    const [line = []] = endingNotes(some, at, false)
    expect(line.slice(0, 3).join('\n')).not.toContain('\u001B')
    expect(line.map((part) => part.replace(/for b.*? ended/, 'for b ended'))).toEqual([
      'the certificate for b ended on 2025-12-31',
      'the certificate for c ends on 2026-01-03',
      'the certificate for d ends on 2026-01-04',
      'and 1 more',
    ])
  })
})
