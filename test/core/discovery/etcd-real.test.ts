/** The etcd source against etcd. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { etcdSource } from '../../../core/discovery/etcd.ts'
import type { EtcdPolicy } from '../../../core/discovery/policy.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { Secret } from '../../../core/secrets.ts'
import { createCertificates } from '../../support/certificates.ts'
import { base64, type Etcd, startEtcd } from '../../support/etcd.ts'
import { fail } from '../../support/fail.ts'
import { closedPort } from '../../support/ports.ts'
import { record } from './recorder.ts'
import { sourceSuite } from './suite.ts'

setDefaultTimeout(60_000)

const sourceAt = ({ url }: Pick<Etcd, 'url'>, facts: Partial<EtcdPolicy> = {}) =>
  etcdSource(
    { kind: 'etcd', endpoints: [url], prefix: '/web/', user: undefined, tls: undefined, ...facts },
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
  )

const urlOf = (number: number): string => `http://127.0.0.1:${number}`

sourceSuite('etcd', async () => {
  const etcd = await startEtcd()
  const list = async (...numbers: number[]): Promise<void> => {
    const listed = (await etcd.call('kv/range', { key: base64('/web/'), range_end: base64('/web0') }))['kvs'] ?? []
    const gone = (listed as readonly { key: string }[])
      .map(({ key }) => Buffer.from(key, 'base64').toString())
      .filter((key) => !numbers.includes(Number(key.slice('/web/'.length))))
    for (const number of numbers) await etcd.put(`/web/${number}`, urlOf(number))
    for (const key of gone) await etcd.delete(key)
  }
  return {
    source: sourceAt(etcd),
    list,
    idOf: (number) => `127.0.0.1:${number}`,
    async spoil(...numbers) {
      await list(...numbers)
      await etcd.put('/web/faulty', '{ "url": 3 }')
    },
    takeAway: () => etcd.stop(),
    bringBack: () => etcd.start(),
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  }
})

describe('a prefix of etcd', () => {
  test('has members as URLs and in JSON, and nobody of another prefix', async () => {
    await using etcd = await startEtcd()
    await etcd.put('/web/a', ' http://127.0.0.1:1 ')
    await etcd.put('/web/b', '{ "url": "http://127.0.0.1:2", "weight": 3, "zone": "z" }')
    await etcd.put('/web0', 'http://127.0.0.1:3')
    await etcd.put('/we', 'http://127.0.0.1:4')
    const told = record(sourceAt(etcd))
    const { members } = await told.lists('127.0.0.1:1', '127.0.0.1:2')
    expect(members.map(({ weight, zone }) => [weight, zone])).toEqual([
      [1, undefined],
      [3, 'z'],
    ])
    told.stop()
  })

  test('has more keys than one page', async () => {
    await using etcd = await startEtcd()
    const numbers = Array.from({ length: 1200 }, (_, index) => index + 1)
    for (let from = 0; from < numbers.length; from += 100)
      await etcd.call('kv/txn', {
        success: numbers.slice(from, from + 100).map((number) => ({
          requestPut: { key: base64(`/web/${number}`), value: base64(urlOf(number)) },
        })),
      })
    const told = record(sourceAt(etcd))
    await told.lists(...numbers.map((number) => `127.0.0.1:${number}`))
    told.stop()
  })

  test('forgets a member whose lease has run out', async () => {
    await using etcd = await startEtcd()
    const { ID } = await etcd.call('lease/grant', { TTL: '1' })
    await etcd.put('/web/1', urlOf(1))
    await etcd.put('/web/2', urlOf(2), String(ID))
    const told = record(sourceAt(etcd))
    await told.lists('127.0.0.1:1', '127.0.0.1:2')
    await told.lists('127.0.0.1:1')
    told.stop()
  })

  test('is followed over a compaction while its server was away', async () => {
    await using etcd = await startEtcd()
    await etcd.put('/web/1', urlOf(1))
    const told = record(sourceAt(etcd))
    await told.lists('127.0.0.1:1')
    await etcd.put('/web/2', urlOf(2))
    await etcd.delete('/web/1')
    await etcd.call('kv/compaction', { revision: '4', physical: true })
    await etcd.stop()
    await etcd.start()
    await etcd.put('/web/3', urlOf(3))
    await told.lists('127.0.0.1:2', '127.0.0.1:3')
    told.stop()
  })

  test('is asked for at the next endpoint when one is away', async () => {
    await using etcd = await startEtcd()
    await etcd.put('/web/1', urlOf(1))
    const told = record(sourceAt(etcd, { endpoints: [`http://127.0.0.1:${closedPort()}`, etcd.url] }))
    await told.lists('127.0.0.1:1')
    expect(told.words[0]).toMatchObject({ kind: 'lost', reason: 'cannot be asked: ECONNREFUSED' })
    told.stop()
  })

  test('takes a user’s password, and says so where it is wrong', async () => {
    await using etcd = await startEtcd()
    await etcd.put('/web/1', urlOf(1))
    await etcd.call('auth/user/add', { name: 'root', password: 'secret' })
    await etcd.call('auth/role/add', { name: 'root' })
    await etcd.call('auth/user/grant', { user: 'root', role: 'root' })
    await etcd.call('auth/enable', {})
    const user = (password: string) => ({ user: { name: 'root', password: new Secret(password) } })
    const told = record(sourceAt(etcd, user('secret')))
    await told.lists('127.0.0.1:1')
    const others = [sourceAt(etcd, user('wrong')), sourceAt(etcd)].map(record)
    const reasons = await Promise.all(others.map((other) => other.next(({ kind }) => kind === 'lost')))
    expect(reasons.map((word) => ('reason' in word ? word.reason : ''))).toEqual([
      expect.stringContaining('invalid user ID or password'),
      expect.stringContaining('user name is empty'),
    ])
    for (const one of [told, ...others]) one.stop()
  })

  test('is asked for over TLS, and not where nobody vouches for the server', async () => {
    await using files = createCertificates()
    await using etcd = await startEtcd({ tls: files })
    await etcd.put('/web/1', urlOf(1))
    const told = record(sourceAt(etcd, { tls: { ca: files.ca, cert: undefined, key: undefined } }))
    await told.lists('127.0.0.1:1')
    const stranger = record(sourceAt(etcd))
    expect(await stranger.next(({ kind }) => kind === 'lost')).toMatchObject({
      reason: expect.stringMatching(/^cannot be asked: .*(CERT|SIGNATURE|SELF)/),
    })
    for (const one of [told, stranger]) one.stop()
  })
})
