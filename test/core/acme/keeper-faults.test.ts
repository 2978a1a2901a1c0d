/** The keeper when all goes wrong: what there is stays in force, and it tries again. */
import { describe, expect, test } from 'bun:test'
import type { Storage } from '../../../core/acme/storage.ts'
import { createAuthority } from '../../support/authority.ts'
import { detailOf, keeperRig as rig, NAME } from '../../support/keeper-rig.ts'
import { answer, base, problem } from '../../support/stand-in-ca.ts'

const DAY = 24 * 3600_000
const urls = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` }

describe('what goes wrong leaves the old certificate in force, and is tried again:', () => {
  const faults: readonly [string, (one: Awaited<ReturnType<typeof rig>>) => void, string][] = [
    ['a CA that is away', ({ ca }) => (ca.fault = () => ({ kind: 'failed', detail: 'ECONNREFUSED' })), 'ECONNREFUSED'],
    [
      'one whose disk is full',
      ({ ca }) => (ca.fault = () => answer(500, 'oops')),
      'it answered 500 without saying why',
    ],
    [
      'one that answers with a page',
      ({ ca }) => (ca.fault = () => answer(200, '<html>')),
      'what it answered is no ACME directory',
    ],
    [
      'one that leads elsewhere',
      ({ ca }) => (ca.fault = () => answer(302, '', { location: 'file:///etc/passwd' })),
      'it answered 302 without saying why',
    ],
    [
      'a directory of files',
      ({ ca }) =>
        (ca.fault = (path) =>
          path === '/directory'
            ? answer(200, { newNonce: 'file:///n', newAccount: 'file:///a', newOrder: 'file:///o' })
            : undefined),
      'what it answered is no ACME directory',
    ],
    [
      'one that gives no nonce',
      ({ ca }) =>
        (ca.fault = (path) =>
          path === '/directory'
            ? answer(200, urls, { 'replay-nonce': '!' })
            : answer(204, '', { 'replay-nonce': '!' })),
      'it gave no nonce',
    ],
    [
      'one that refuses every nonce',
      ({ ca }) => (ca.fault = (path) => (path === '/order' ? problem(400, 'badNonce') : undefined)),
      'badNonce: a badNonce for the test',
    ],
    [
      'an order that is no JSON',
      ({ ca }) =>
        (ca.fault = (path) =>
          path === '/order' ? answer(201, '{"status"', { location: `${base}/order/0` }) : undefined),
      'what it answered is no order',
    ],
    [
      'a challenge that is seen to be wrong',
      ({ ca }) => (ca.seen = () => 'something else'),
      'unauthorized: what was seen is not what was wanted',
    ],
    [
      'a challenge that is not offered',
      ({ ca }) => (ca.challenges = ['dns-01']),
      `for ${NAME} it offers dns-01, not http-01`,
    ],
    [
      'a huge chain',
      ({ ca }) => (ca.chain = (chain) => chain.repeat(20)),
      'the certificate that it issued must hold at most 10 certificates, this holds 40',
    ],
    [
      'no chain',
      ({ ca }) => (ca.chain = () => 'nothing'),
      'the certificate that it issued must hold a certificate in PEM',
    ],
    [
      'somebody else’s certificate',
      ({ ca }) => (ca.chain = () => createAuthority().issue({ names: [NAME], notBefore: 0, notAfter: 1 }).chain),
      'the key that it issued must be the key of its certificate, this is the key of another',
    ],
    [
      'another name’s certificate',
      ({ ca }) => (ca.issuesFor = () => 'b.example.org'),
      'the certificate that it issued is for another name',
    ],
    [
      'a limit',
      ({ ca }) =>
        (ca.fault = (path) => (path === '/order' ? problem(429, 'rateLimited', { 'retry-after': '7200' }) : undefined)),
      'rateLimited: a rateLimited for the test',
    ],
  ]
  for (const [title, bend, detail] of faults)
    test(title, async () => {
      const one = (await rig()).start()
      await one.until(() => one.told('issued') === 1)
      const before = one.keeper.certificates[0]?.fingerprint
      bend(one)
      one.keeper.renew(NAME)
      await one.until(() => one.told('failed') === 1)
      expect(detailOf(one.news)).toBe(`ca.test: ${detail}`)
      expect(one.keeper.certificates[0]?.fingerprint).toBe(before)
      // And all is well again.
      Object.assign(one.ca, {
        issuesFor: (name: string) => name,
        fault: () => undefined,
        seen: () => undefined,
        chain: (chain: string) => chain,
      })
      one.ca.challenges = ['http-01']
      one.keeper.renew(NAME)
      await one.until(() => one.told('issued') === 2)
    })

  test('a nonce that was good is only worth another one', async () => {
    const one = await rig()
    one.ca.fault = (_path, times) =>
      times === 1 && _path !== '/directory' && _path !== '/nonce' ? problem(400, 'badNonce') : undefined
    one.start()
    await one.until(() => one.told('issued') === 1)
    expect(one.told('failed')).toBe(0)
  })

  test('an account that the CA has forgotten is made anew', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    one.ca.fault = (path, times) => (path === '/order' && times === 2 ? problem(400, 'accountDoesNotExist') : undefined)
    one.keeper.renew(NAME)
    await one.until(() => one.told('issued') === 2)
    expect(one.told('failed')).toBe(0)
  })

  test('an account’s key is kept before the CA has heard of it', async () => {
    const one = await rig()
    one.ca.fault = (path) => (path === '/account' ? answer(500, '') : undefined)
    one.start()
    await one.until(() => one.told('failed') === 1)
    expect(await one.storage.list('accounts')).toHaveLength(1)
  })

  test('a limit is kept to, also by the next process', async () => {
    const one = await rig()
    one.ca.fault = (path) => (path === '/order' ? problem(429, 'rateLimited', { 'retry-after': '7200' }) : undefined)
    one.start()
    await one.until(() => one.told('failed') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    one.keeper.stop()
    const other = (await rig({ folder: one.folder })).start()
    await other.settle()
    expect(other.orders()).toBe(0)
    await other.until(() => other.told('issued') === 1, 60_000)
    expect(other.clock.now()).toBeGreaterThan(7000_000)
  })

  test('the fallback is asked at once when the first CA fails', async () => {
    const one = await rig({ directories: ['/directory', '/directory2'] })
    one.ca.fault = (path, times) => (path === '/directory' && times === 1 ? answer(503, '') : undefined)
    one.start()
    await one.until(() => one.told('issued') === 1)
    expect(one.news).toMatchObject([{ kind: 'failed', againMs: 0 }, { kind: 'issued' }])
  })

  test('a storage that takes nothing is told before anything is ordered', async () => {
    const one = await rig({ storage: (inner) => ({ ...inner, lock: () => Promise.reject(new Error('ENOSPC')) }) })
    one.start()
    await one.until(() => one.told('failed') === 1)
    expect([detailOf(one.news), one.orders()]).toEqual(['ENOSPC', 0])
  })

  test('a certificate that cannot be kept is served all the same', async () => {
    const write =
      (inner: Storage): Storage['write'] =>
      (key, text) =>
        key.startsWith('certificates/') ? Promise.reject(new Error('ENOSPC')) : inner.write(key, text)
    const one = (await rig({ storage: (inner) => ({ ...inner, write: write(inner) }) })).start()
    await one.until(() => one.told('unkept') === 1)
    expect(one.keeper.certificates).toHaveLength(1)
  })

  test('a certificate is not lost where the account that it was had by can no longer be kept', async () => {
    let isFull = false
    const write =
      (inner: Storage): Storage['write'] =>
      (key, text) =>
        isFull ? Promise.reject(new Error('ENOSPC')) : inner.write(key, text)
    const one = await rig({ storage: (inner) => ({ ...inner, write: write(inner) }) })
    one.ca.fault = (path) => void (isFull ||= path.startsWith('/order'))
    one.start()
    await one.until(() => one.told('unkept') === 1)
    expect([one.told('failed'), one.keeper.certificates.length]).toEqual([0, 1])
  })
})

describe('a clock that is off', () => {
  test('by months ahead orders nothing once the CA has been heard', async () => {
    const one = (await rig()).start()
    await one.until(() => one.told('issued') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering)
    const ordered = one.orders()
    // Ours jumps; the CA's does not.
    one.clock.advance(80 * DAY)
    one.ca.aheadMs = -80 * DAY
    await one.until(() => one.told('clock-off') === 1)
    await one.until(() => !one.keeper.views[0]?.isOrdering, 0)
    expect(one.orders()).toBe(ordered)
  })
})
