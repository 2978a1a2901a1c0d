/** The keeper on the virtual clock, with a CA that stands in: what it orders, and when. */
import { describe, expect, test } from 'bun:test'
import { readPair, renewalIdOf } from '../../../core/acme/certificate.ts'
import type { Storage } from '../../../core/acme/storage.ts'
import { createIssuer } from '../../support/issued.ts'
import { keeperRig as rig, NAME } from '../../support/keeper-rig.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const DAY = 24 * 3600_000

describe('a name without a certificate', () => {
  test('gets one, which is kept, and found again by the next process', async () => {
    const one = (await rig()).start()
    expect(one.keeper.views[0]).toMatchObject({ name: NAME, certificate: undefined, dueAt: 0, isOrdering: true })
    await one.until(() => one.told('issued') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    one.keeper.stop()
    const other = (await rig({ folder: one.folder })).start()
    await other.settle()
    expect(other.orders()).toBe(0)
    expect(other.keeper.certificates[0]?.fingerprint).toBe(one.keeper.certificates[0]?.fingerprint ?? '')
  })

  test('shares its account with the others', async () => {
    const one = (await rig({ names: ['a.example.org', 'b.example.org', 'c.example.org'] })).start()
    await one.until(() => one.told('issued') === 3)
    expect(await one.storage.list('accounts')).toHaveLength(1)
  })

  test('is tried four at a time', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `n${index}.example.org`)
    const one = (await rig({ names })).start()
    expect(one.keeper.views.filter(({ isOrdering }) => isOrdering)).toHaveLength(4)
    await one.until(() => one.told('issued') === 9)
  })
})

describe('a certificate', () => {
  test('is renewed at two thirds, once, and the old one serves until then', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    const before = one.keeper.certificates[0]
    const dueAt = one.keeper.views[0]?.dueAt ?? 0
    const days = (dueAt - (before?.notBefore ?? 0)) / DAY
    expect(days).toBeGreaterThan(58)
    expect(days).toBeLessThanOrEqual(60)
    one.clock.advance(dueAt - one.clock.wallTime() - 1)
    await one.settle()
    expect([one.orders(), one.keeper.certificates[0]]).toEqual([1, before])
    await one.until(() => one.told('issued') === 2)
    expect(one.keeper.certificates[0]?.fingerprint).not.toBe(before?.fingerprint)
    expect(one.orders()).toBe(2)
  })

  test('is renewed when its CA suggests, and the order says what it replaces', async () => {
    const one = await rig()
    one.ca.window = { start: '2026-01-11T00:00:00Z', end: '2026-01-11T01:00:00Z' }
    one.start()
    await one.until(() => one.told('issued') === 1)
    const [held] = one.keeper.certificates
    const renewalId = held && renewalIdOf(held)
    await one.until(() => (one.keeper.views[0]?.dueAt ?? 0) < Date.UTC(2026, 0, 12), DAY / 24)
    expect(one.keeper.views[0]?.dueAt).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 11))
    await one.until(() => one.told('issued') === 2, DAY / 24)
    const order = one.ca.asked.findLast(({ at }) => at === 'POST /order')
    expect(order?.payload).toMatchObject({ replaces: renewalId })
  })

  test('is renewed when somebody asks for that', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    expect([one.keeper.renew('b.example.org'), one.keeper.renew(NAME)]).toEqual([false, true])
    await one.until(() => one.told('issued') === 2)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    one.clock.advance(2 * 3600_000)
    await one.settle()
    expect([one.orders(), one.keeper.views[0]?.isOrdering]).toEqual([2, false])
  })

  test('that is issued already due is not ordered for ever', async () => {
    const one = await rig()
    one.ca.lifetimeMs = 1000
    one.start()
    await one.until(() => one.told('issued') === 1)
    const since = one.clock.now()
    await one.until(() => one.clock.now() - since > 50 * 60_000, 60_000)
    expect(one.orders()).toBe(1)
  })

  test('of another process is taken over', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    const dates = { notBefore: one.clock.wallTime(), notAfter: one.clock.wallTime() + 90 * DAY }
    const pair = createIssuer().pair(NAME, dates)
    await one.storage.write(`certificates/${NAME}.pem`, pair.key.reveal() + pair.chain)
    const read = readPair(pair)
    await one.until(
      () => read.kind === 'certificate' && one.keeper.certificates[0]?.fingerprint === read.certificate.fingerprint,
      60_000,
    )
  })

  test('of one’s own is imported for the names that it is for', async () => {
    const one = (await rig({ names: [NAME, 'a.example.net'] })).start()
    await one.until(() => one.told('issued') === 2)
    const dates = { notBefore: one.clock.wallTime(), notAfter: one.clock.wallTime() + 90 * DAY }
    const read = readPair(createIssuer().pair('*.example.org', dates))
    if (read.kind === 'fault') throw new Error(read.rule)
    expect(await one.keeper.import(read.certificate)).toEqual([NAME])
    expect(one.keeper.views[0]?.certificate?.fingerprint).toBe(read.certificate.fingerprint)
  })
})

describe('where others share the storage', () => {
  test('one of them orders, and the other takes what it got', async () => {
    const folder = temporaryFolder()
    let isHeld = false
    const storage = (inner: Storage): Storage => ({
      ...inner,
      lock: () => {
        if (isHeld) return Promise.resolve(undefined)
        isHeld = true
        return Promise.resolve(() => Promise.resolve(void (isHeld = false)))
      },
    })
    const [one, other] = [await rig({ folder, storage }), await rig({ folder, storage })]
    one.start()
    other.start()
    await one.until(() => one.told('issued') === 1)
    await other.until(() => other.keeper.certificates.length === 1)
    expect([one.orders(), other.orders()]).toEqual([1, 0])
  })
})
