import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withTop } from './read-config.ts'

const routes = [{ match: { host: 'www.example.org' }, pool: 'web' }]
const withAcme = (acme: unknown, more: object = { routes }) =>
  withTop({ listeners: { web: { tls: { acme } } }, ...more })
const policy = (acme: unknown, more?: object) => configOf(withAcme(acme, more)).listeners[0]?.tls?.acme
const problemText = (source: object): string => problemsOf(source).join('\n')
const key = 'listeners.web.tls.acme'

describe('acme', () => {
  test('needs nothing but a host in a route', () => {
    expect(policy({})).toEqual({
      email: undefined,
      directories: [{ url: 'https://acme-v02.api.letsencrypt.org/directory', ca: undefined, binding: undefined }],
      names: undefined,
      challenge: 'tls-alpn-01',
      dns: undefined,
      onDemand: undefined,
      storage: { kind: 'folder', folder: undefined },
    })
  })

  test('takes what is said, and shows no key', () => {
    const read = policy({
      email: 'admin@example.org',
      directory: 'https://ca.test/dir',
      eab: { keyId: 'kid-1', hmacKey: 'aHVzaGh1c2hodXNoaHVzaA' },
      fallback: { directory: 'http://127.0.0.1:14000/dir' },
      names: ['Example.org', 'www.example.org'],
      challenge: 'http-01',
      storage: '/var/acme',
    })
    expect(read).toMatchObject({
      email: 'admin@example.org',
      directories: [{ url: 'https://ca.test/dir', binding: { keyId: 'kid-1' } }, { url: 'http://127.0.0.1:14000/dir' }],
      names: ['example.org', 'www.example.org'],
      challenge: 'http-01',
      storage: { kind: 'folder', folder: '/var/acme' },
    })
    expect(read?.directories[0].binding?.hmacKey.reveal()).toBe('aHVzaGh1c2hodXNoaHVzaA')
    expect(JSON.stringify(read)).not.toContain('aHVzaG')
  })

  test('is kept where it is said', () => {
    expect(policy({ storage: { redis: 'redis://:hush@a:1' } })?.storage).toMatchObject({ kind: 'redis' })
    expect(
      policy({ storage: { etcd: { endpoints: ['http://a:1'], user: 'me', password: 'hush' } } })?.storage,
    ).toMatchObject({
      kind: 'etcd',
      endpoints: ['http://a:1/'],
      prefix: '/smartedge/acme/',
      user: { name: 'me' },
    })
    expect(JSON.stringify(policy({ storage: { redis: 'redis://:hush@a:1' } }))).not.toContain('hush')
  })

  test.each([
    [{ names: [] }, `${key}.names must name at least one host`],
    [{ names: ['localhost'] }, `${key}.names[0] must be a host name such as "example.org"`],
    [{ names: ['*.example.org'] }, `${key}.names[0] must be proved by the challenge "dns-01"`],
    [{ names: ['a..example.org'] }, `${key}.names[0] must be a host name`],
    [{ names: ['127.0.0.1'] }, `${key}.names[0] must be a host name`],
    [{ names: ['../../etc.passwd'] }, `${key}.names[0] must be a host name`],
    [{ names: [`${'a'.repeat(64)}.org`] }, `${key}.names[0] must be a host name`],
    [{ names: [7] }, `${key}.names[0] must be a host name`],
    [{ directory: 'http://ca.test/dir' }, `${key}.directory must be of https`],
    [{ directory: 'http://127.0.0.1.evil.test/dir' }, `${key}.directory must be of https`],
    [{ directory: 'file:///etc/passwd' }, `${key}.directory must be an absolute http or https URL`],
    [{ email: 'admin' }, `${key}.email must be an address`],
    [{ challenge: 'dns-01' }, `${key}.dns is required by the challenge "dns-01"`],
    [{ challenge: 'dns' }, `${key}.challenge must be one of`],
    [{ eab: { keyId: 'kid-1' } }, `${key}.eab.hmacKey is required`],
    [{ fallback: {} }, `${key}.fallback.directory is required`],
    [{ storage: '' }, `${key}.storage must be the path of a folder`],
    [{ onDemand: {} }, `${key}.onDemand.ask is required`],
    [{ onDemand: { ask: 'ask.test' } }, `${key}.onDemand.ask must be an absolute http or https URL`],
    [{ storage: {} }, `${key}.storage must have one of the keys redis and etcd`],
    [{ storage: { redis: 'http://a' } }, `${key}.storage.redis must be a URL`],
    [{ storage: { etcd: { endpoints: [] } } }, `${key}.storage.etcd.endpoints must not be empty`],
    [
      { storage: { etcd: { endpoints: ['http://a'], user: 'a' } } },
      `${key}.storage.etcd.user needs password beside it`,
    ],
    [{ storage: 7 }, `${key}.storage must be the path of a folder, or an object`],
    [{ domains: ['example.org'] }, `${key}.domains is not a known key`],
    [true, `${key} must be an object with the keys`],
    [[], `${key} must be an object with the keys`],
  ])('does not take %j', (acme, problem) => expect(problemText(withAcme(acme))).toContain(problem))

  test('shows nothing of a key that it does not take', () => {
    expect(problemText(withAcme({ eab: { keyId: 'a', hmacKey: 'hush hush' } }))).not.toContain('hush')
  })

  test('without names wants a route with a host that its challenge can prove', () => {
    const problem = `${key}.names is required where no route names a host`
    expect(problemText(withAcme({}, {}))).toContain(problem)
    expect(problemText(withAcme({}, { routes: [{ match: { host: '*.example.org' }, pool: 'web' }] }))).toContain(
      problem,
    )
    expect(policy({ names: ['example.org'] }, {})?.names).toEqual(['example.org'])
    expect(policy({}, { providers: { docker: {} } })?.names).toBeUndefined()
    expect(policy({ onDemand: { ask: 'http://ask.test/' } }, {})?.onDemand).toBe('http://ask.test/')
  })

  test('or certificates must be there', () => {
    const listeners = { web: { tls: {} } }
    expect(problemText(withTop({ listeners }))).toContain('listeners.web.tls.certificates is required, or acme')
  })
})
