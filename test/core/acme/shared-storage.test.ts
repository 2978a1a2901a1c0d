/** Storage that nodes share, with a real Redis and a real etcd: one contract for both. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { etcdStorage } from '../../../core/acme/etcd-storage.ts'
import { redisStorage } from '../../../core/acme/redis-storage.ts'
import type { Storage } from '../../../core/acme/storage.ts'
import { systemClock } from '../../../core/clock.ts'
import { askEtcd } from '../../../core/discovery/etcd-client.ts'
import { dialRedis } from '../../../core/limits/redis.ts'
import { createAsk } from '../../../core/net/ask.ts'
import { Secret } from '../../../core/secrets.ts'
import { type Etcd, startEtcd } from '../../support/etcd.ts'
import { redisForTests } from '../../support/services.ts'
import { turn } from '../../support/raw-peer.ts'

const redis = redisForTests()
let etcd: Etcd
beforeAll(async () => {
  etcd = await startEtcd()
})
afterAll(async () => await etcd[Symbol.asyncDispose]())

const faults: unknown[] = []
const ask = createAsk(systemClock, (error) => faults.push(error))
const ofEtcd = (endpoints: readonly string[]): Storage =>
  etcdStorage({
    prefix: '/edge/',
    ask: askEtcd({ endpoints, user: undefined, tls: undefined }, { ask, readPem: () => undefined }),
  })
const ofRedis = (url: string): Storage => redisStorage({ url: new Secret(url), dial: dialRedis, clock: systemClock })

const kinds: readonly [string, () => Storage, () => Storage][] = [
  ['Redis', () => ofRedis(redis().url), () => ofRedis('redis://me:hush@127.0.0.1:1')],
  ['etcd', () => ofEtcd(['http://127.0.0.1:1', etcd.url]), () => ofEtcd(['http://127.0.0.1:1'])],
]

for (const [name, start, startAway] of kinds)
  describe(name, () => {
    test('reads, lists and removes what any node has written', async () => {
      const [one, other] = [start(), start()]
      expect([await one.read('certificates/a.pem'), await one.list('certificates')]).toEqual([undefined, []])
      await one.write('certificates/a.pem', 'one')
      await one.write('certificates/a.pem', 'zwölf')
      await one.write('certificates/_.b.pem', 'x'.repeat(100_000))
      await one.write('certificates2/c.pem', 'not in the list')
      expect(await other.read('certificates/a.pem')).toBe('zwölf')
      expect([...(await other.list('certificates'))].sort()).toEqual(['_.b.pem', 'a.pem'])
      await other.remove('certificates/a.pem')
      await other.remove('certificates/a.pem')
      expect(await one.list('certificates')).toEqual(['_.b.pem'])
      expect([one.isShared, one.place.startsWith(name)]).toEqual([true, true])
    })

    test('gives a lock to one node at a time', async () => {
      const locks = await Promise.all(Array.from({ length: 5 }, () => start().lock('a.test')))
      const [mine, ...more] = locks.filter((lock) => lock !== undefined)
      expect(more).toEqual([])
      expect(await start().lock('b.test')).toBeDefined()
      await mine?.()
      const next = await start().lock('a.test')
      expect(next).toBeDefined()
      // One that has let go takes nobody else's away.
      await mine?.().catch(() => undefined)
      expect(await start().lock('a.test')).toBeUndefined()
    })

    test('keeps no connection once it is ended, and is still there for what is left', async () => {
      const one = start()
      await one.write('left/a', 'x')
      one.end()
      expect(await one.read('left/a')).toBe('x')
      await one.remove('left/a')
      expect(await start().list('left')).toEqual([])
    })

    test('says what is wrong when it is away, without a password', async () => {
      const away = startAway()
      for (const act of [
        () => away.read('a/b'),
        () => away.write('a/b', 'x'),
        () => away.lock('a'),
        () => away.list('a'),
      ]) {
        const said = await act().then(
          () => 'nothing',
          (error: unknown) => String(error),
        )
        expect(said).toStartWith(`Error: ${name}: `)
        expect(said).not.toContain('hush')
      }
    })
  })

test('Redis is left by who has ended', async () => {
  const links = { open: 0 }
  const dial: typeof dialRedis = (url, onLost) => {
    const link = dialRedis(url, onLost)
    links.open += 1
    return { ...link, close: () => (link.close(), void (links.open -= 1)) }
  }
  const one = redisStorage({ url: new Secret(redis().url), dial, clock: systemClock })
  await one.write('left/a', 'x')
  expect(links.open).toBe(1)
  one.end()
  await one.remove('left/a')
  while (links.open > 0) await turn()
})

test('etcd is asked as a user where it wants one, and a wrong password is told and not shown', async () => {
  await using guarded = await startEtcd()
  await guarded.call('auth/user/add', { name: 'root', password: 'hush' })
  await guarded.call('auth/role/add', { name: 'root' })
  await guarded.call('auth/user/grant', { user: 'root', role: 'root' })
  await guarded.call('auth/enable', {})
  const as = (password: string): Storage => {
    const user = { name: 'root', password: new Secret(password) }
    const policy = { endpoints: [guarded.url], user, tls: undefined }
    return etcdStorage({ prefix: '/edge/', ask: askEtcd(policy, { ask, readPem: () => undefined }) })
  }
  await as('hush').write('certificates/a.pem', 'one')
  expect(await as('hush').read('certificates/a.pem')).toBe('one')
  const said = await as('hushhush').read('certificates/a.pem').catch(String)
  expect(said).toStartWith('Error: etcd: ')
  expect(said).not.toContain('hush')
})

test('nothing failed on the way', () => expect(faults).toEqual([]))
