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
