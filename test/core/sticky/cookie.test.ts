import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { stickyLedger } from '../../../core/observe/counters.ts'
import { Secret } from '../../../core/secrets.ts'
import { CookieSticky } from '../../../core/sticky/cookie.ts'
import type { CookiePolicy } from '../../../core/sticky/policy.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { usualCookie } from '../../support/policies.ts'

const key = new Secret('a key of sixteen characters')
const [a, b, c] = [makeBackend(1), makeBackend(2), makeBackend(3)]

function stickyOf({
  backends = [a, b],
  pool = 'web',
  secret = key,
  ...facts
}: Partial<CookiePolicy> & { backends?: readonly Backend[]; pool?: string; secret?: Secret } = {}) {
  const counters = stickyLedger.create()
  const sticky = new CookieSticky({ pool, policy: { ...usualCookie, ...facts }, key: secret, counters })
  sticky.update(backends)
  /** Whom a request with these lines is kept at. */
  const homeOf = (lines: string) => sticky.sessionOf(requestWith(lines)).backend
  /** The line that a response of `backend` gets, to a request with these lines. */
  function lineOf(backend: Backend, lines = ''): string {
    const head = parseResponse('HTTP/1.1 200 OK\r\n\r\n')
    sticky.sessionOf(requestWith(lines)).settle(backend, head)
    return head.added
  }
  /** The value that stands for `backend`. */
  const valueOf = (backend: Backend): string => /=([^;\r]*)/.exec(lineOf(backend))?.[1] ?? ''
  return { sticky, counters, homeOf, lineOf, valueOf }
}

const requestWith = (lines: string) => parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
const cookie = (value: string, name = 'smartedge-web'): string => `Cookie: ${name}=${value}\r\n`

describe('the cookie of a session', () => {
  test('is set for a new one, and brings its requests back', () => {
    const { homeOf, lineOf, valueOf, counters } = stickyOf()
    const value = valueOf(a)
    expect(lineOf(a)).toBe(`Set-Cookie: smartedge-web=${value}; Path=/; HttpOnly; SameSite=Lax\r\n`)
    expect(homeOf(cookie(value))).toBe(a)
    expect(homeOf(cookie(valueOf(b)))).toBe(b)
    expect(counters).toEqual({ hits: 0, misses: 3, moved: 0 })
  })

  test('is set again only when the session has moved', () => {
    const { lineOf, valueOf, counters } = stickyOf()
    const value = valueOf(a)
    expect(lineOf(a, cookie(value))).toBe('')
    expect(lineOf(b, cookie(value))).toStartWith(`Set-Cookie: smartedge-web=${valueOf(b)};`)
    expect(counters).toEqual({ hits: 1, misses: 2, moved: 1 })
  })

  test('has every attribute that is asked for', () => {
    const { lineOf } = stickyOf({
      name: 'n',
      path: '/app',
      domain: 'example.com',
      maxAgeMs: 90_500,
      sameSite: 'none',
      secure: true,
      httpOnly: false,
    })
    expect(lineOf(a)).toEndWith('; Path=/app; Domain=example.com; Max-Age=90; Secure; SameSite=None\r\n')
  })

  test('tells nothing of the backend, and takes characters alone that any cookie may hold', () => {
    const values = [a, b].map((backend) => stickyOf().valueOf(backend))
    for (const value of values) expect(value).toMatch(/^[\w-]{22}$/)
    expect(values[0]).not.toBe(values[1])
    expect(stickyOf({ secret: new Secret('another key of 16 or more') }).valueOf(a)).not.toBe(values[0]!)
  })

  test('is the same in every process with the key, in whatever order the backends stand', () => {
    const again = stickyOf({ backends: [makeBackend(2), makeBackend(1)] })
    expect(again.homeOf(cookie(stickyOf().valueOf(a)))?.id).toBe(a.id)
  })

  test('keeps from backends by its name, unless they are to see it', () => {
    expect(stickyOf().sticky.hiddenCookie).toBe('smartedge-web')
    expect(stickyOf({ forward: true }).sticky.hiddenCookie).toBeUndefined()
  })
})

describe('a cookie that counts for nothing', () => {
  const { homeOf, lineOf, valueOf } = stickyOf()
  const value = valueOf(a)
  const flipped = `${value[0] === 'A' ? 'B' : 'A'}${value.slice(1)}`
  // Of the last of 22 characters four bits are none of the 128: another spelling of the same bytes.
  const respelled = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    .split('')
    .map((last) => value.slice(0, -1) + last)
    .find((other) => other !== value && Buffer.from(other, 'base64url').equals(Buffer.from(value, 'base64url')))!

  test.each([
    ['forged', flipped],
    ['in another spelling', respelled],
    ['cut', value.slice(0, -1)],
    ['longer', `${value}A`],
    ['quoted', `"${value}"`],
    ['empty', ''],
    ['huge', value.repeat(2000)],
    ['of bytes that are no text', '\xff\xfe\x80'.repeat(7) + '\x80'],
    ['made for another pool', stickyOf({ pool: 'api' }).valueOf(a)],
    ['made with another key', stickyOf({ secret: new Secret('another key of 16 or more') }).valueOf(a)],
    ['of a backend that is none of the pool', stickyOf({ backends: [c] }).valueOf(c)],
    ['the address', a.id],
    ['a name of every object', 'constructor'.padEnd(22, 'x')],
  ])('is one that is %s', (_, other) => {
    expect(homeOf(cookie(other))).toBeUndefined()
    expect(lineOf(b, cookie(other))).toStartWith('Set-Cookie: smartedge-web=')
  })

  test.each([
    ['of another name', cookie(value, 'smartedge-webx')],
    ['of a name in other case', cookie(value, 'SmartEdge-Web')],
    ['of no name', `Cookie: ${value}\r\n`],
    ['in another field', `X-Cookie: smartedge-web=${value}\r\n`],
    ['inside another value', `Cookie: x=smartedge-web=${value}\r\n`],
  ])('is one %s', (_, lines) => expect(homeOf(lines)).toBeUndefined())

  test('hides none that counts behind it', () => {
    expect(homeOf(`Cookie: smartedge-web=${flipped}; x=y; smartedge-web=${value}\r\n`)).toBe(a)
    expect(homeOf(`${cookie(flipped)}${cookie(value)}`)).toBe(a)
  })
})

describe('a pool that changes', () => {
  test('makes no other value for whoever stays, and none at all for whoever has gone', () => {
    const { sticky, homeOf, lineOf, valueOf } = stickyOf()
    const [ofA, ofB] = [valueOf(a), valueOf(b)]
    sticky.update([b, c])
    expect([homeOf(cookie(ofA)), homeOf(cookie(ofB))]).toEqual([undefined, b])
    expect(lineOf(a)).toBe('')
    expect(lineOf(c, cookie(ofA))).toStartWith('Set-Cookie: ')
    sticky.update([a, b])
    expect(homeOf(cookie(ofA))).toBe(a)
  })
})
