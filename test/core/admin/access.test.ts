import { describe, expect, test } from 'bun:test'
import { isLoopbackHost, refuseAccess } from '../../../core/admin/access.ts'
import { Secret } from '../../../core/secrets.ts'

const status = (headers: Record<string, string>, token?: string) =>
  refuseAccess(new Request('http://x/', { headers }), token === undefined ? undefined : new Secret(token))?.status

describe('loopback Host', () => {
  test('is localhost, 127.0.0.0/8 or ::1, with any port', () => {
    const hosts = ['localhost', 'LOCALHOST:9900', '127.0.0.1', '127.0.0.1:80', '127.255.255.254:1', '[::1]', '[::1]:9']
    expect(hosts.filter((host) => !isLoopbackHost(host))).toEqual([])
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

describe('access without a token', () => {
  test('is for loopback Hosts only', () => {
    expect(status({ host: '127.0.0.1:9900' })).toBeUndefined()
    expect(status({ host: 'rebound.example:9900' })).toBe(403)
    expect(status({})).toBe(403)
  })

  test('is refused to pages of other origins', () => {
    const host = 'localhost:9900'
    expect(status({ host, origin: 'http://localhost:9900' })).toBeUndefined()
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'http://localhost', 'null', ''])
      expect([origin, status({ host, origin })]).toEqual([origin, 403])
  })
})

describe('access with a token', () => {
  const host = 'edge.example:9900'

  test('is for whoever knows it, under any Host', () => {
    expect(status({ host, authorization: 'Bearer s3cret' }, 's3cret')).toBeUndefined()
    expect(status({ host, authorization: 'bearer  s3cret' }, 's3cret')).toBeUndefined()
  })

  test('is refused to everybody else, on loopback too', () => {
    const wrong = ['', 'Bearer', 'Bearer ', 'Bearer s3cre', 'Bearer s3cret1', 'Bearer S3CRET', 'Basic s3cret', 's3cret']
    for (const authorization of [...wrong, `Bearer ${'x'.repeat(100_000)}`])
      expect([authorization, status({ host: 'localhost', authorization }, 's3cret')]).toEqual([authorization, 401])
    expect(status({ host: 'localhost' }, 's3cret')).toBe(401)
  })

  test('tells the scheme that it wants', () => {
    const refusal = refuseAccess(new Request('http://x/'), new Secret('s3cret'))
    expect(refusal?.headers.get('www-authenticate')).toBe('Bearer realm="smartedge"')
  })

  test('is refused to other origins even with it', () => {
    expect(status({ host, origin: 'https://evil.example', authorization: 'Bearer s3cret' }, 's3cret')).toBe(403)
  })

  test('is refused to an empty token', () => {
    expect(status({ host: 'localhost', authorization: 'Bearer ' }, '')).toBe(401)
  })

  test('shows no more than a piece of what a stranger sent', async () => {
    const origin = `https://${'e'.repeat(5000)}`
    const text = await refuseAccess(new Request('http://x/', { headers: { origin } }), undefined)?.text()
    expect(text?.length).toBeLessThan(500)
  })
})
