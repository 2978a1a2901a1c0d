/** The keeper on the virtual clock, with a CA that stands in: what it orders, and when. */
import { describe, expect, test } from 'bun:test'
import { readPair, renewalIdOf } from '../../../core/acme/certificate.ts'
import type { Storage } from '../../../core/acme/storage.ts'
import { createAuthority, materialOf } from '../../support/authority.ts'
import { answer } from '../../support/stand-in-ca.ts'
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

  test('of a CA that is configured no more is replaced at once, and serves until then', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    one.keeper.stop()
    const { folder } = one
    const other = await rig({ folder, directories: ['/directory2', '/directory3'] })
    other.ca.window = { start: '2026-02-01T00:00:00Z', end: '2026-02-02T00:00:00Z' }
    other.start()
    expect(other.keeper.certificates[0]?.fingerprint).toBe(one.keeper.certificates[0]?.fingerprint ?? '')
    await other.until(() => other.told('issued') === 1)
    expect(other.ca.asked.find(({ at }) => at === 'POST /order')?.payload).not.toHaveProperty('replaces')
    await other.until(() => !other.keeper.views[0]?.isOrdering)
    other.keeper.stop()
    // One that is only asked second is as good.
    const again = (await rig({ folder, directories: ['/directory3', '/directory2'] })).start()
    await again.settle()
    expect(again.orders()).toBe(0)
  })

  test('of another process is taken over', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    const dates = { notBefore: one.clock.wallTime(), notAfter: one.clock.wallTime() + 90 * DAY }
    const pair = materialOf(createAuthority().issue({ names: [NAME], ...dates }))
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
    const read = readPair(materialOf(createAuthority().issue({ names: ['*.example.org'], ...dates })))
    if (read.kind === 'fault') throw new Error(read.rule)
    expect(await one.keeper.import(read.certificate)).toEqual([NAME])
    expect(one.keeper.views[0]?.certificate?.fingerprint).toBe(read.certificate.fingerprint)
  })
})

describe('a name that a handshake asks for', () => {
  const demanding = async (answers: readonly boolean[]) => {
    let asked = 0
    const agrees = () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? false)
    const one = (await rig({ agrees })).start()
    await one.until(() => one.told('issued') === 1)
    await one.keeper.demand('b.example.org')
    await one.keeper.demand('b.example.org')
    return { one, asked: () => asked, view: () => one.keeper.views.find(({ name }) => name === 'b.example.org') }
  }

  test('is asked about before it is ordered, and left where that is no', async () => {
    const { one, view } = await demanding([false])
    await one.until(() => view() === undefined)
    expect([one.orders(), one.told('failed')]).toEqual([1, 0])
  })

  test('is renewed while that is yes, serves to its end when it is no, and is left then', async () => {
    const { one, view } = await demanding([true, false])
    await one.until(() => one.told('issued') === 2)
    await one.until(() => view()?.isOrdering === false)
    one.ca.fault = () => answer(500, '')
    one.clock.advance(60 * DAY)
    await one.until(() => (view()?.failures ?? 0) > 0)
    expect(view()?.detail).toBe('the URL of onDemand does not agree to it any more')
    expect(one.keeper.certificates.flatMap(({ names }) => names)).toContain('b.example.org')
    one.clock.advance(31 * DAY)
    await one.until(() => view() === undefined, 60_000)
  })

  test('goes on over a reload, and is found again by the next process', async () => {
    const { one, view } = await demanding([true])
    await one.until(() => one.told('issued') === 2)
    one.keeper.take([NAME], await one.keeper.load([NAME]))
    expect(view()?.certificate).toBeDefined()
    await one.until(() => view()?.isOrdering === false)
    one.keeper.stop()
    const other = await rig({ folder: one.folder, agrees: () => Promise.resolve(true) })
    await other.keeper.loadDemanded()
    other.keeper.take([NAME], await other.keeper.load([NAME]))
    expect(other.keeper.certificates.flatMap(({ names }) => names).toSorted()).toEqual([NAME, 'b.example.org'])
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
