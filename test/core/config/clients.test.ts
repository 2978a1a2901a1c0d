import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { configOf, problemsOf, withTop } from './read-config.ts'

const storeOf = (store: string, env = {}) => configOf(withTop({ clients: { store } }), { env }).clients?.store

describe('clients', () => {
  test('are none unless they are asked for', () => expect(configOf(withTop({})).clients).toBeUndefined())

  test('are kept beside the config when nothing else is said', () => {
    expect(configOf(withTop({ clients: {} })).clients).toEqual({
      store: { kind: 'sqlite', path: '/app/clients.sqlite' },
    })
  })

  test.each([
    ['./x/clients.db', '/app/x/clients.db'],
    ['/var/lib/clients', '/var/lib/clients'],
    ['postgres', '/app/postgres'],
    ['C:/clients', '/app/C:/clients'],
  ])('are kept in the file %s', (written, path) => expect(storeOf(written)).toEqual({ kind: 'sqlite', path }))

  test.each(['postgres://ann:s3cret@db:5433/clients', 'postgresql://db/clients', 'postgres://[::1]/c?sslmode=require'])(
    'are kept in PostgreSQL at %s, which is secret',
    (url) => {
      for (const store of [storeOf(url), storeOf('${URL}', { URL: url })]) {
        expect(store).toEqual({ kind: 'postgres', url: new Secret(url) })
        expect(JSON.stringify(store)).toBe('{"kind":"postgres","url":"***"}')
      }
    },
  )

  const rule =
    'must be the path of a file or a URL such as "postgres://user:password@host:5432/database", got a text (not shown)'
  test.each([
    '',
    'a\u0000b',
    'mysql://u:p@h/d',
    'https://h/d',
    'postgres://',
    'postgres://db',
    'postgres:///d',
    'postgres://u:p@h:x/d',
  ])('are not kept in %j, and it is not shown', (store) => {
    expect(problemsOf(withTop({ clients: { store } }))).toEqual([expect.stringContaining(`clients.store ${rule}`)])
  })
})

describe('the Redis of a fleet', () => {
  const redisOf = (redis: string, env = {}) => configOf(withTop({ clients: { redis } }), { env })

  test.each([
    'redis://10.0.0.5',
    'redis://ann:s3cret@db:6380/3',
    'rediss://:s3cret@db',
    'redis+unix:///run/redis.sock',
    'redis://[::1]:6379/',
  ])('may be %s, which is secret', (url) => {
    for (const { redis } of [redisOf(url), redisOf('${URL}', { URL: url })]) {
      expect(redis).toEqual(new Secret(url))
      expect(JSON.stringify(redis)).toBe('"***"')
    }
  })

  test('alone makes no database of clients, and beside one leaves it as it is', () => {
    expect(redisOf('redis://db').clients).toBeUndefined()
    const both = configOf(withTop({ clients: { redis: 'redis://db', store: './x.db' } }))
    expect([both.clients?.store, both.redis?.reveal()]).toEqual([{ kind: 'sqlite', path: '/app/x.db' }, 'redis://db'])
    expect(configOf(withTop({ clients: {} })).redis).toBeUndefined()
  })

  test.each(['', 'db', 'db:6379', 'http://db', 'redis://', 'redis://db/name', 'redis://db:x', 'redis+unix://', '\0'])(
    'is not %j, and it is not shown',
    (redis) => {
      const rule = 'clients.redis must be a URL such as "redis://user:password@host:6379/0", got a text (not shown)'
      expect(problemsOf(withTop({ clients: { redis } }))).toEqual([expect.stringContaining(rule)])
    },
  )
})
