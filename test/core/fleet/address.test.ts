import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isSource, readAddress, sourceOf } from '../../../core/fleet/address.ts'

type Env = Readonly<Record<string, string>>

function sourceAt(text: string, env: Env = {}) {
  const read = readAddress(text, env)
  if (read.kind === 'fault') throw new Error(read.rule)
  return read.source
}

const faultOf = (text: string, env: Env = {}): string => {
  const read = readAddress(text, env)
  return read.kind === 'fault' ? read.rule : 'none'
}

describe('what --config names', () => {
  test.each([
    ['etcd://a/key', true],
    ['HTTPS://a/b.json', true],
    ['redis://a', true],
    ['smartedge.config.json', false],
    ['/etc/smartedge/a.json', false],
    ['./etcd:/a', false],
    ['', false],
  ])('%p is a source: %p', (text, is) => expect(isSource(text)).toBe(is))

  test('comes from the environment where no option says it', () => {
    const env = { SMARTEDGE_CONFIG: 'etcd://a/b' }
    expect(sourceOf(undefined, env)).toBe('etcd://a/b')
    expect(sourceOf('a.json', env)).toBeUndefined()
    expect(sourceOf('consul://c/d', env)).toBe('consul://c/d')
    expect(sourceOf(undefined, {})).toBeUndefined()
  })
})

describe('an address', () => {
  test.each([
    ['etcd://127.0.0.1:2379/edge', 'etcd', ['http://127.0.0.1:2379'], 'edge'],
    ['etcd://a,b:23,[::1]:24/x/y', 'etcd', ['http://a:2379', 'http://b:23', 'http://[::1]:24'], 'x/y'],
    ['etcds://a//edge', 'etcd', ['https://a:2379'], '/edge'],
    ['consul://c/edge%20web', 'consul', ['http://c:8500'], 'edge web'],
    ['consuls://c/edge', 'consul', ['https://c:8501'], 'edge'],
    ['https://c/edge.json?v=1#x', 'http', ['https://c/edge.json?v=1'], ''],
    ['http://127.0.0.1:8080/edge.json', 'http', ['http://127.0.0.1:8080/edge.json'], ''],
    ['HTTP://localhost/', 'http', ['http://localhost/'], ''],
  ] as const)('%p is read', (text, kind, endpoints, key) => {
    expect(sourceAt(text)).toMatchObject({ kind, endpoints, key, user: undefined, token: undefined, tls: undefined })
  })

  test('shows neither who asks nor a query', () => {
    for (const text of ['etcd://ada:s3cret@a:1/k', 'consul://s3cret@a:1/k', 'https://u:s3cret@a/k?t=s3cret']) {
      const { name, id } = sourceAt(text, { SMARTEDGE_CONFIG_TOKEN: 's3cret' })
      expect(`${name} ${id}`).not.toContain('s3cret')
      expect(name).toEndWith(name.startsWith('https') ? '://a/k' : '://a:1/k')
    }
    expect(JSON.stringify(sourceAt('etcd://ada:s3cret@a:1/k'))).not.toContain('s3cret')
  })

  test('is the same place whoever asks, and another key or server is another', () => {
    const ids = ['etcd://u:p@a/k', 'etcd://a:2379/k', 'etcd://a/k2', 'etcd://b/k', 'consul://a:2379/k'].map(
      (text) => sourceAt(text).id,
    )
    expect(ids[0]).toBe(ids[1] ?? '')
    expect(new Set(ids).size).toBe(4)
  })

  test('takes user, password and token from itself, else from the environment', () => {
    const env = { SMARTEDGE_CONFIG_USER: 'eve', SMARTEDGE_CONFIG_PASSWORD: 'e', SMARTEDGE_CONFIG_TOKEN: 't' }
    const shown = (text: string) => {
      const { user, token } = sourceAt(text, env)
      return [user?.name, user?.password.reveal(), token?.reveal()]
    }
    expect(shown('etcd://a/k')).toEqual(['eve', 'e', 't'])
    expect(shown('etcd://ada:p%40ss@a/k')).toEqual(['ada', 'p@ss', 't'])
    expect(shown('consul://a/k')).toEqual([undefined, undefined, 't'])
    expect(shown('consul://:own@a/k')).toEqual([undefined, undefined, 'own'])
    expect(shown('consul://own@a/k')).toEqual([undefined, undefined, 'own'])
  })

  test('has certificates by the environment, where TLS is spoken alone', () => {
    const env = { SMARTEDGE_CONFIG_CA: '/ca.pem', SMARTEDGE_CONFIG_KEY: '' }
    expect(sourceAt('etcds://a/k', env).tls).toEqual({ ca: '/ca.pem', cert: undefined, key: undefined })
    expect(sourceAt('etcd://a/k', env).tls).toBeUndefined()
  })

  test.each([
    ['redis://a/b', 'must be a file, or begin with etcd://'],
    ['constructor://a/b', 'must be a file, or begin with etcd://'],
    ['etcd://', 'must have host:port'],
    ['etcd:///key', 'must have host:port'],
    ['etcd://a:99999/key', 'must have host:port'],
    ['etcd://a,/key', 'must have host:port'],
    ['etcd://a', 'must name a key'],
    ['etcd://a/', 'must name a key'],
    ['etcd://a/b/', 'must name a key'],
    ['etcd://a/%00', 'must name a key'],
    ['etcd://a/%zz', 'must name a key'],
    [`etcd://a/${'k'.repeat(501)}`, 'must name a key'],
    ['etcd://a/key?ca=x', 'must end behind its key'],
    ['http://example.com/a', 'must begin with https://'],
    ['http://10.0.0.1/a', 'must begin with https://'],
    ['https://a,b/c', 'must name one host'],
    ['etcd://%zz@a/k', 'percent-encoded'],
    ['consul://:a%0ab@c/k', 'plain characters'],
  ])('%p is refused: %s', (text, rule) => expect(faultOf(text)).toContain(rule))

  test('is never thrown over, and never shows who asks', () => {
    const scheme = fc.constantFrom('etcd', 'etcds', 'consul', 'https', 'http', 'x')
    fc.assert(
      fc.property(scheme, fc.string(), fc.string(), (name, user, rest) => {
        const read = readAddress(`${name}://${user.replace(/[/?#]/g, '')}:s3cret@${rest}`, {})
        expect(read.kind === 'fault' ? read.rule : read.source.name).not.toContain('s3cret')
      }),
    )
  })

  test('that is refused quotes nothing of who asks', () => {
    for (const text of ['etcd://ada:s3cret@:x/k', 'http://ada:s3cret@example.com/', 'redis://ada:s3cret@a/b'])
      expect(faultOf(text)).not.toContain('s3cret')
  })
})
