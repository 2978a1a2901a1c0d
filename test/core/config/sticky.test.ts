import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { usualCookie } from '../../support/policies.ts'
import { configOf, problemsOf, withPool } from './read-config.ts'

const stickyOf = (sticky: object) => configOf(withPool({ sticky })).pools[0]?.sticky

describe('sticky', () => {
  test('is off unless it is asked for', () => expect(configOf(withPool({})).pools[0]?.sticky).toBeUndefined())

  test('fills a sticky cookie in, and names it after its pool', () => {
    expect(stickyOf({ cookie: {} })).toEqual(usualCookie)
    const written = { name: '__Host-b', path: '/', maxAge: '1h', sameSite: 'none', secure: true, httpOnly: false }
    expect(stickyOf({ cookie: { ...written, forward: true, key: 'a-key-without-sp' } })).toEqual({
      ...usualCookie,
      name: '__Host-b',
      maxAgeMs: 3_600_000,
      sameSite: 'none',
      secure: true,
      httpOnly: false,
      forward: true,
      key: new Secret('a-key-without-sp'),
    })
    expect(stickyOf({ cookie: { domain: 'Example.com' } })).toMatchObject({ domain: 'example.com' })
  })

  test('fills in what learning of sessions takes', () => {
    expect(stickyOf({ learn: { cookie: 'JSESSIONID' } })).toEqual({
      kind: 'learn',
      from: { kind: 'cookie', name: 'JSESSIONID' },
      ttlMs: 3_600_000,
      maxBytes: 8 * 1024 * 1024,
    })
    expect(stickyOf({ learn: { header: 'X-Session' }, ttl: '8h', size: '64MiB' })).toEqual({
      kind: 'learn',
      from: { kind: 'header', name: 'x-session' },
      ttlMs: 8 * 3_600_000,
      maxBytes: 64 * 1024 * 1024,
    })
  })

  test.each([
    [true, 'pools.web.sticky must be an object with the keys cookie, learn, ttl, size'],
    [{}, 'pools.web.sticky must have one of the keys cookie and learn, not both'],
    [{ cookie: {}, learn: { cookie: 'a' } }, 'sticky must have one of the keys cookie and learn, not both'],
    [{ cookie: {}, ttl: '1m' }, 'sticky.ttl is for learned sessions'],
    [{ cookie: {}, size: '1MiB' }, 'sticky.size is for learned sessions'],
    [{ cookie: { name: 'a b' } }, 'sticky.cookie.name must be a cookie name such as "backend"'],
    [{ cookie: { path: 'app' } }, 'sticky.cookie.path must begin with /'],
    [{ cookie: { path: '/; HttpOnly' } }, 'sticky.cookie.path must begin with /'],
    [{ cookie: { domain: 'a.b; Secure' } }, 'sticky.cookie.domain must be a domain such as'],
    [{ cookie: { domain: '10.0.0.1' } }, 'sticky.cookie.domain must be a domain such as'],
    [{ cookie: { domain: '.a.b' } }, 'did you mean "a.b"?'],
    [{ cookie: { domain: 'münchen.de' } }, 'did you mean "xn--mnchen-3ya.de"?'],
    [{ cookie: { maxAge: '500ms' } }, 'sticky.cookie.maxAge must be a duration from 1s to 9600h'],
    [{ cookie: { sameSite: 'Lax' } }, 'did you mean "lax"?'],
    [{ cookie: { sameSite: 'none' } }, 'sameSite must not be "none" without "secure": true'],
    [{ cookie: { name: '__Secure-a' } }, 'name must not begin like that without "secure": true'],
    [
      { cookie: { name: '__Host-a', secure: true, domain: 'a.b' } },
      'sticky.cookie.domain must not stand beside a name with __Host-',
    ],
    [
      { cookie: { name: '__Host-a', secure: true, path: '/a' } },
      'sticky.cookie.path must not stand beside a name with __Host-',
    ],
    [{ cookie: { key: 'hunter2' } }, 'sticky.cookie.key must be 16 to 1024 printable ASCII'],
    [{ learn: {} }, 'sticky.learn must have one of the keys cookie and header, not both'],
    [{ learn: { cookie: 'a', header: 'b' } }, 'learn must have one of the keys cookie and header, not both'],
    [{ learn: { header: 'x session' } }, 'learn.header must be a field name'],
    [{ learn: { cookie: 'a' }, size: '1KiB' }, 'sticky.size must be a size from 64KiB to 1GiB'],
    [{ learn: { cookie: 'a' }, ttl: 60 }, '(did you mean "60s"?)'],
  ])('%j is told what is wrong', (sticky, problem) => {
    const [told = '', ...more] = problemsOf(withPool({ sticky }))
    expect(told).toContain(problem)
    expect(more).toEqual([])
  })

  test('never shows a key', () => {
    const problems = problemsOf(withPool({ sticky: { cookie: { key: 'hunter2' } } }))
    expect(problems.join()).not.toContain('hunter2')
    expect(JSON.stringify(stickyOf({ cookie: { key: 'a-key-of-16-or-more' } }))).not.toContain('a-key')
  })
})
