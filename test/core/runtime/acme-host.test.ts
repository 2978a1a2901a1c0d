/** ACME as a part: whose certificates go where over reloads, and who is told what. */
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import type { AcmePolicy } from '../../../core/acme/policy.ts'
import type { Config } from '../../../core/config/config.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { AcmeHost } from '../../../core/runtime/acme-host.ts'
import { CertificateStore } from '../../../core/tls/certificate-store.ts'
import { anyRequest, tcpListener, testConfig } from '../../support/edge.ts'
import { base, standInCa } from '../../support/stand-in-ca.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { tlsPolicy } from '../../support/tls.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

const DAY = 24 * 3600_000

function rig() {
  const clock = virtualClock()
  const ca = standInCa(clock)
  const events: EdgeEvent[] = []
  const stores = new Map(['one', 'two'].map((name) => [name, new CertificateStore({ minVersion: '1.2' })] as const))
  const counters = { certificatesIssued: 0, certificatesFailed: 0 }
  const host = new AcmeHost({
    ask: ca.ask,
    clock,
    random: () => 0,
    env: process.env,
    emit: (event) => void events.push(event),
    counters,
    tls: {
      front: (name) => {
        const store = stores.get(name)
        return store && { store }
      },
    },
  })
  const folder = join(temporaryFolder(), 'acme')
  const policy = (names: readonly string[] | undefined, facts: Partial<AcmePolicy> = {}): AcmePolicy => ({
    email: undefined,
    directories: [{ url: `${base}/directory`, ca: undefined, binding: undefined }],
    names,
    challenge: 'tls-alpn-01',
    dns: undefined,
    onDemand: undefined,
    storage: { kind: 'folder', folder },
    ...facts,
  })
  /** A config in which these listeners order. */
  const configOf = (ordering: Readonly<Record<string, AcmePolicy>>, hosts: readonly string[] = []): Config =>
    testConfig({
      listeners: ['one', 'two'].map((name) => {
        const acme = ordering[name]
        return { ...tcpListener(name, 0), ...(acme && { tls: { ...tlsPolicy([]), acme } }) }
      }),
      routes: hosts.map((host) => ({ match: { ...anyRequest, host }, pool: 'web', priority: 5 })),
    })
  async function until(isSo: () => boolean): Promise<void> {
    for (let turns = 1; !isSo(); turns += 1) {
      await turn()
      if (turns % 20 === 0) clock.advance(1000)
    }
  }
  return {
    clock,
    ca,
    host,
    counters,
    policy,
    configOf,
    until,
    apply: async (config: Config) => (await host.prepare(config)).commit(),
    namesAt: (listener: string) =>
      stores
        .get(listener)
        ?.certificates.flatMap(({ names }) => names)
        .toSorted() ?? [],
    challengeAt: (listener: string) => stores.get(listener)?.challenge,
    orders: () => ca.asked.filter(({ at }) => at === 'POST /order').length,
    missing: () => events.flatMap((event) => (event.kind === 'certificates-missing' ? [event.names] : [])),
    [Symbol.dispose]: () => host.stop(),
  }
}

test('a config without it changes nothing, and asks nobody', async () => {
  using one = rig()
  const move = await one.host.prepare(one.configOf({}))
  move.commit()
  expect([move.isNews, one.orders(), one.host.views, one.host.missingAt('one')]).toEqual([false, 0, [], []])
})

test('listeners of one policy share certificates, each order made once', async () => {
  using one = rig()
  await one.apply(one.configOf({ one: one.policy(['a.test']), two: one.policy(['b.test', 'a.test']) }))
  expect(one.host.missingAt('two')).toEqual(['a.test', 'b.test'])
  await one.until(() => one.counters.certificatesIssued === 2)
  expect([one.namesAt('one'), one.namesAt('two'), one.orders()]).toEqual([
    ['a.test', 'b.test'],
    ['a.test', 'b.test'],
    2,
  ])
  expect([one.host.missingAt('one'), one.host.views.length]).toEqual([[], 2])
})

test('those of two policies are kept apart', async () => {
  using one = rig()
  const other = join(temporaryFolder(), 'acme')
  const apart = one.policy(['b.test'], { challenge: 'http-01', storage: { kind: 'folder', folder: other } })
  await one.apply(one.configOf({ one: one.policy(['a.test']), two: apart }))
  await one.until(() => one.counters.certificatesIssued === 2)
  expect([one.namesAt('one'), one.namesAt('two')]).toEqual([['a.test'], ['b.test']])
  // Handshakes are looked into for the challenge that needs it alone.
  expect([one.challengeAt('one') === undefined, one.challengeAt('two') === undefined]).toEqual([false, true])
})

test('names are the hosts of routes where none are said, without wildcards but for dns-01', async () => {
  using one = rig()
  const hosts = ['a.test', '*.b.test', 'localhost', 'a.test']
  await one.apply(one.configOf({ one: one.policy(undefined) }, hosts))
  expect(one.host.views.map(({ name }) => name)).toEqual(['a.test'])
})

test('a reload keeps what goes on, tells what is missing once, and stops what is gone for good', async () => {
  using one = rig()
  one.ca.fault = (path) => (path === '/order' ? { kind: 'failed', detail: 'ECONNREFUSED' } : undefined)
  await one.apply(one.configOf({ one: one.policy(['a.test']) }))
  await one.apply(one.configOf({ one: one.policy(['a.test']) }))
  await one.apply(one.configOf({ one: one.policy(['a.test', 'b.test']) }))
  expect(one.missing()).toEqual([['a.test'], ['a.test', 'b.test']])
  await one.until(() => one.counters.certificatesFailed >= 2)
  await one.apply(one.configOf({}))
  const asked = one.ca.asked.length
  one.clock.advance(DAY)
  for (let turns = 0; turns < 50; turns += 1) await turn()
  expect([one.ca.asked.length, one.namesAt('one'), one.challengeAt('one'), one.host.views]).toEqual([
    asked,
    [],
    undefined,
    [],
  ])
})

test('a config that is abandoned is as if it had never been', async () => {
  using one = rig()
  const move = await one.host.prepare(one.configOf({ one: one.policy(['a.test']) }))
  move.abandon()
  one.clock.advance(DAY)
  expect([one.host.views, one.ca.asked, one.challengeAt('one')]).toEqual([[], [], undefined])
})

test('http-01 is answered by its token alone', async () => {
  using one = rig()
  const head = new RequestHead(20)
  const limits = { maxHeadBytes: 65_536, maxTargetBytes: 8192, maxFields: 20 }
  const ask = (target: string) => {
    const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    head.parse(bytes, 0, bytes.length, limits)
    return one.host.find(head)
  }
  let during: unknown
  one.ca.seen = (_name, token) => {
    during = ask(`/.well-known/acme-challenge/${token}`)
    return undefined
  }
  await one.apply(one.configOf({ one: one.policy(['a.test'], { challenge: 'http-01' }) }))
  await one.until(() => one.counters.certificatesIssued === 1)
  expect(during).toMatchObject({ status: 200, content: { text: expect.stringMatching(/^token-\d{20}\.[\w-]{43}$/) } })
  const others = [
    '/',
    '/.well-known/acme-challenge/',
    '/.well-known/acme-challenge/token-00000000000000000000',
    '/.env',
  ]
  for (const target of others) expect(ask(target)).toBeUndefined()
})
