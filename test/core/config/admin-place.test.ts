import { describe, expect, test } from 'bun:test'
import { findAdminPlace } from '../../../core/config/admin-place.ts'

const cwd = '/etc/edge'
const find = (text: string | undefined, env: Readonly<Record<string, string>> = {}, path?: string) =>
  findAdminPlace({
    path,
    cwd,
    env,
    readFile: (file) => {
      if (text !== undefined && file === `${cwd}/smartedge.config.json`) return new TextEncoder().encode(text)
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    },
  })

describe('the admin API that a configuration names', () => {
  test('is read with its token, and shows no secret', () => {
    const place = find('{ "admin": { "address": "127.0.0.1:31900", "token": "${T}" } }', { T: 's3cret' })
    expect(place).toMatchObject({
      kind: 'place',
      file: 'smartedge.config.json',
      admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 31_900 } },
    })
    expect(place.kind === 'place' && place.admin?.token?.reveal()).toBe('s3cret')
    expect(JSON.stringify(place)).not.toContain('s3cret')
  })

  const fallback = { kind: 'tcp', host: '127.0.0.1', port: 9900 } as const
  test.each(['{}', '{ "pools": 5 }', '\uFEFF{}', '{ "admin": {} }'])('is the default one for %j', (text) => {
    expect(find(text)).toMatchObject({ kind: 'place', admin: { address: fallback, token: undefined } })
  })

  test('is none when it is switched off', () => {
    expect(find('{ "admin": false }')).toEqual({ kind: 'place', file: 'smartedge.config.json', admin: undefined })
  })

  test.each([
    '{ "admin": { "address": "unix:/run/a.sock" }, "pools": { "web": { "backends": [ } }',
    '{ "admin": { "address": "unix:/run/a.sock" } "pools": {} }',
    '{ "admin": { "address": "unix:/run/a.sock" }, \'pools\': {} }',
    '{ "admin": { "address": "unix:/run/a.sock" }',
    '{ "admin": { "address": "unix:/run/a.sock", "token": "${NOT_SET}" } }',
  ])('is found in a file with mistakes: %s', (text) => {
    expect(find(text)).toMatchObject({ kind: 'place', admin: { address: { kind: 'unix', path: '/run/a.sock' } } })
  })

  test('is a fault where its own address is one', () => {
    const place = find('{\n "admin": { "address": "127.0.0.1:99999" } }')
    expect(place).toMatchObject({
      kind: 'fault',
      problem: { file: 'smartedge.config.json', line: 2, key: 'admin.address' },
    })
  })

  test.each(['', '\0', '[', '['.repeat(100_000), '{"admin":'.repeat(70), 'null', '5'])(
    'copes with what is no config (%#)',
    (text) => {
      expect(find(text)).toMatchObject({ kind: 'place', admin: { address: fallback } })
    },
  )

  test('is not there where no configuration is, and a fault where a named one is missing', () => {
    expect(find(undefined)).toEqual({ kind: 'none' })
    expect(find('{}', {}, 'other.json')).toMatchObject({ kind: 'fault', problem: { file: 'other.json' } })
  })
})
