import { describe, expect, test } from 'bun:test'
import { type Access, isLoopbackHost, type Need, refuseAccess } from '../../../core/admin/access.ts'
import { Secret } from '../../../core/secrets.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fail } from '../../support/fail.ts'

const open: Access = { kind: 'open' }
const guarded: Access = { kind: 'guarded', token: new Secret('s3cret') }
const changesGuarded: Access = { kind: 'changes-guarded', token: new Secret('s3cret'), advice: 'look into /run/token' }

type Headers = Readonly<Record<string, string>>
const host = 'localhost:9900'
const bearer = { authorization: 'Bearer s3cret' }

const refusal = (access: Access, need: Need, headers: Headers = { host }, method = 'GET') =>
  refuseAccess(adminRequest('/', { method, headers }), access, need)

const status = (access: Access, need: Need, headers?: Headers, method?: string) =>
  refusal(access, need, headers, method)?.status

describe('loopback Host', () => {
  test('is localhost, 127.0.0.0/8 or ::1, with any port', () => {
    const hosts = ['localhost', 'LOCALHOST:9900', '127.0.0.1', '127.0.0.1:80', '127.255.255.254:1', '[::1]', '[::1]:9']
    expect(hosts.filter((name) => !isLoopbackHost(name))).toEqual([])
  })

  test('is no name that merely contains one, and no other spelling', () => {
    const hosts = [
      '',
      'localhost.evil.example',
      'evil.localhost',
      'evil.example',
      '127.0.0.1.evil.example',
      '127.0.0.256',
      '127.1',
      '0x7f.0.0.1',
      '2130706433',
      '128.0.0.1',
      '0.0.0.0',
      '::1',
      '[::ffff:127.0.0.1]',
      'localhost:',
      'localhost:123456',
      'localhost:80\n',
      ' localhost',
      'user@localhost',
      'a'.repeat(100_000),
    ]
    expect(hosts.filter(isLoopbackHost)).toEqual([])
  })
})

describe('access', () => {
  const rebound = { host: 'rebound.example:9900' }
  const cases: readonly (readonly [string, Access, Need, Headers, number | undefined])[] = [
    ['open, a read', open, 'read', { host }, undefined],
    ['open, a change', open, 'change', { host: '127.0.0.1:9900' }, undefined],
    ['open, a change under a rebound name', open, 'change', rebound, 403],
    ['open, a read without a Host', open, 'read', {}, 403],
    ['open, a change with a token that nobody asked for', open, 'change', { host, ...bearer }, undefined],
    ['changes guarded, a read', changesGuarded, 'read', { host }, undefined],
    ['changes guarded, a read under a rebound name', changesGuarded, 'read', rebound, 403],
    ['changes guarded, a read with a wrong token', changesGuarded, 'read', { host, authorization: 'x' }, undefined],
    ['changes guarded, a change', changesGuarded, 'change', { host }, 401],
    ['changes guarded, a change with the token', changesGuarded, 'change', { host, ...bearer }, undefined],
    [
      'changes guarded, a change with it under any name',
      changesGuarded,
      'change',
      { ...rebound, ...bearer },
      undefined,
    ],
    ['guarded, a read', guarded, 'read', { host }, 401],
    ['guarded, a read with the token, under any name', guarded, 'read', { ...rebound, ...bearer }, undefined],
    ['guarded, a change', guarded, 'change', { host }, 401],
    ['guarded, a change with the token', guarded, 'change', { host, ...bearer }, undefined],
  ]
  test.each(cases)('%s', (_name, access, need, headers, expected) => {
    expect(status(access, need, headers)).toBe(expected as number)
  })

  test('to what is public has everybody, whatever is sent', () => {
    for (const access of [open, changesGuarded, guarded])
      for (const headers of [{}, rebound, { host, origin: 'https://evil.example', authorization: 'Bearer no' }])
        expect(status(access, 'public', headers)).toBeUndefined()
  })
})

describe('a web page', () => {
  test('gets nothing from another origin, even with the token', () => {
    expect(status(open, 'read', { host, origin: 'http://localhost:9900' })).toBeUndefined()
    for (const access of [open, changesGuarded, guarded])
      for (const origin of ['https://evil.example', 'http://localhost:3000', 'http://localhost', 'null', ''])
        for (const need of ['read', 'change'] as const)
          expect([origin, status(access, need, { host, origin, ...bearer })]).toEqual([origin, 403])
  })

  test('of another site sends nothing, though its links are followed', () => {
    for (const site of ['cross-site', 'same-site', 'anything'])
      expect([site, status(open, 'read', { host, 'sec-fetch-site': site }, 'POST')]).toEqual([site, 403])
    for (const site of ['same-origin', 'none'])
      expect([site, status(open, 'change', { host, 'sec-fetch-site': site }, 'POST')]).toEqual([site, undefined])
    expect(status(open, 'read', { host, 'sec-fetch-site': 'cross-site' })).toBeUndefined()
    expect(status(open, 'read', { host, 'sec-fetch-site': 'cross-site' }, 'HEAD')).toBeUndefined()
  })
})

describe('a token', () => {
  test('is taken in any case of its scheme, as a whole, and in no other form', () => {
    expect(status(guarded, 'change', { host, authorization: 'bearer  s3cret' })).toBeUndefined()
    const wrong = ['', 'Bearer', 'Bearer ', 'Bearer s3cre', 'Bearer s3cret1', 'Bearer S3CRET', 'Basic s3cret', 's3cret']
    for (const access of [guarded, changesGuarded])
      for (const authorization of [...wrong, `Bearer ${'x'.repeat(100_000)}`])
        expect([authorization, status(access, 'change', { host, authorization })]).toEqual([authorization, 401])
  })

  test('that is empty lets nobody in', () => {
    const empty: Access = { kind: 'guarded', token: new Secret('') }
    for (const authorization of ['Bearer ', 'Bearer', ''])
      expect(status(empty, 'read', { host, authorization })).toBe(401)
  })

  test('that is wrong is told apart from one that is missing, and where the right one stands', async () => {
    const tell = async (access: Access, headers: Headers) => {
      const response = refusal(access, 'change', { host, ...headers }) ?? fail('it was let in')
      const { detail } = (await response.json()) as { detail: string }
      return [response.headers.get('www-authenticate'), detail]
    }
    const wrong = { authorization: 'Bearer other' }
    expect(await tell(guarded, {})).toEqual([
      'Bearer realm="smartedge"',
      `This API wants a token: send the header "Authorization: Bearer <token>" with the config's admin.token.`,
    ])
    expect(await tell(guarded, wrong)).toEqual([
      'Bearer realm="smartedge", error="invalid_token"',
      expect.stringContaining('does not hold the right token: send the header'),
    ])
    expect(await tell(changesGuarded, {})).toEqual([
      'Bearer realm="smartedge"',
      'Changes, and what is told of clients, want a token: look into /run/token.',
    ])
    expect((await tell(changesGuarded, wrong))[1]).toContain('does not hold the right token: look into /run/token.')
  })

  test('shows in no refusal, nor more than a piece of what a stranger sent', async () => {
    const origin = `https://${'e'.repeat(5000)}`
    const refused = [refusal(guarded, 'read', { host, authorization: 's3cret!' }), refusal(open, 'read', { origin })]
    const [toWrong = '', toStranger = ''] = await Promise.all(refused.map(async (response) => await response?.text()))
    expect(toWrong).not.toContain('s3cret')
    expect(toStranger.length).toBeLessThan(500)
  })
})
