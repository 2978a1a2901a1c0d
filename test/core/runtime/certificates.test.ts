/** Certificates by hand: which are taken, what is told of it, and what never is. */
import { expect, test } from 'bun:test'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { createCertificates } from '../../../core/runtime/certificates.ts'
import { readCertificate } from '../../../core/tls/certificate.ts'
import { CertificateStore } from '../../../core/tls/certificate-store.ts'
import { createAuthority, materialOf } from '../../support/authority.ts'
import { testConfig } from '../../support/edge.ts'
import { sampleCertificate } from '../../support/sample-certificate.ts'
import { tlsListener, tlsPolicy } from '../../support/tls.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const issuer = createAuthority()
const clock = virtualClock()
const good = { notBefore: clock.wallTime() - 1000, notAfter: clock.wallTime() + 1_000_000 }

function rig(importing: () => Promise<readonly string[]> = () => Promise.resolve(['a.test'])) {
  const events: EdgeEvent[] = []
  const store = new CertificateStore({ minVersion: '1.2' })
  const certificates = createCertificates({
    published: { config: testConfig({ listeners: [tlsListener(tlsPolicy([]))] }) },
    tls: { front: () => ({ store }) },
    acme: { views: [sampleCertificate()], renew: (name) => name === 'a.test', import: importing },
    clock,
    emit: (event) => void events.push(event),
  })
  const take = (name: string, dates = good) => {
    const { chain, key } = issuer.issue({ names: [name], ...dates })
    return certificates.import({ certificate: chain, key }, 'cli')
  }
  return { certificates, events, store, take }
}

test('one for a name that is kept is taken, and told as a change', async () => {
  const { take, events } = rig()
  expect(await take('a.test')).toMatchObject({ kind: 'imported', names: ['a.test'] })
  expect(events).toEqual([{ kind: 'audit', what: 'import a certificate for a.test', from: 'cli', outcome: 'done' }])
})

test('one for another name, one that has ended, and one of another key are not', async () => {
  const { take, certificates, events } = rig()
  expect(await take('b.test')).toEqual({
    kind: 'fault',
    key: 'certificate',
    rule: 'must be for a name that is kept, this is for b.test: kept are a.test',
  })
  const ended = { notBefore: clock.wallTime() - 1000, notAfter: clock.wallTime() }
  expect(await take('a.test', ended)).toEqual({
    kind: 'fault',
    key: 'certificate',
    rule: 'must not have ended, this did at 2026-01-01T00:00:00.000Z',
  })
  const [one, other] = [1, 2].map(() => issuer.issue({ names: ['a.test'], ...good }))
  const wrong = await certificates.import({ certificate: one?.chain ?? '', key: other?.key ?? '' }, 'cli')
  expect(wrong).toMatchObject({ kind: 'fault', key: 'key' })
  expect(JSON.stringify([wrong, events])).not.toContain('PRIVATE')
  expect(events).toEqual([])
})

test('one that cannot be kept is told with the reason', async () => {
  const { take, events } = rig(() => Promise.reject(new Error('ENOSPC')))
  expect(await take('a.test')).toEqual({ kind: 'unkept', reason: 'ENOSPC' })
  expect(events).toMatchObject([{ kind: 'audit', outcome: 'ENOSPC' }])
})

test('an order by hand is told as a change, where the name is kept', () => {
  const { certificates, events } = rig()
  expect([certificates.renew('b.test', 'cli'), certificates.renew('a.test', 'cli')]).toEqual([false, true])
  expect(events).toEqual([{ kind: 'audit', what: 'order a certificate for a.test now', from: 'cli', outcome: 'done' }])
})

test('those of files are listed beside those that are ordered', () => {
  const { certificates, store } = rig()
  store.set('files', [readCertificate(materialOf(issuer.issue({ names: ['file.test'], ...good })))])
  expect(certificates.list()).toMatchObject([
    { name: 'a.test', source: 'acme' },
    { name: 'file.test', source: 'files', listeners: ['web'], renewsAt: null },
  ])
})
