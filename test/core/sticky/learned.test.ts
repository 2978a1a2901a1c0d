import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { stickyLedger } from '../../../core/observe/counters.ts'
import { seededRandom } from '../../../core/random.ts'
import { LearnedSticky } from '../../../core/sticky/learned.ts'
import type { LearnPolicy } from '../../../core/sticky/policy.ts'
import { entryBytes } from '../../../core/sticky/session-table.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const byCookie: LearnPolicy = {
  kind: 'learn',
  from: { kind: 'cookie', name: 'JSESSIONID' },
  ttlMs: 10_000,
  maxBytes: 100 * entryBytes,
}
const byHeader: LearnPolicy = { ...byCookie, from: { kind: 'header', name: 'x-session' } }

const [a, b, c] = [makeBackend(1), makeBackend(2), makeBackend(3)]

function learning(policy = byCookie, backends: readonly Backend[] = [a, b]) {
  const clock = virtualClock()
  const counters = stickyLedger.create()
  const sticky = new LearnedSticky({ policy, clock, random: seededRandom(1), counters })
  sticky.update(policy, backends)
  const sessionOf = (lines: string) => sticky.sessionOf(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`))
  const homeOf = (lines: string) => sessionOf(lines).backend
  /** `backend` answers a request of these lines with those. */
  function answer(backend: Backend, lines: string, sent = ''): string {
    const head = parseResponse(`HTTP/1.1 200 OK\r\n${sent}\r\n`)
    sessionOf(lines).settle(backend, head)
    return head.added
  }
  return { clock, counters, sticky, homeOf, answer }
}

const set = (value: string, rest = '; Path=/'): string => `Set-Cookie: JSESSIONID=${value}${rest}\r\n`
const cookie = (value: string): string => `Cookie: a=b; JSESSIONID=${value}; c=d\r\n`

describe('a learned session', () => {
  test('stays with the backend that began it, and is told nothing of ours', () => {
    const { answer, homeOf, counters, sticky } = learning()
    expect(homeOf(cookie('s1'))).toBeUndefined()
    expect(answer(a, '', set('s1'))).toBe('')
    answer(b, '', set('s2'))
    expect([homeOf(cookie('s1')), homeOf(cookie('s2')), homeOf(cookie('s3'))]).toEqual([a, b, undefined])
    answer(a, cookie('s1'))
    expect(counters).toEqual({ hits: 1, misses: 2, moved: 0 })
    expect([sticky.sessions, sticky.hiddenCookie]).toEqual([2, undefined])
  })

  test('moves to whoever has answered it since', () => {
    const { answer, homeOf, counters } = learning()
    answer(a, '', set('s1'))
    answer(b, cookie('s1'))
    expect(homeOf(cookie('s1'))).toBe(b)
    expect(counters).toEqual({ hits: 0, misses: 1, moved: 1 })
  })

  test('is remembered for the ttl after its last use', () => {
    const { answer, homeOf, clock } = learning()
    answer(a, '', set('s1'))
    clock.advance(9000)
    answer(a, cookie('s1'))
    clock.advance(10_000)
    expect(homeOf(cookie('s1'))).toBe(a)
    clock.advance(1)
    expect(homeOf(cookie('s1'))).toBeUndefined()
  })

  test('is never learned from what a client sends', () => {
    const { answer, homeOf, sticky } = learning()
    answer(a, cookie('made-up'))
    expect(homeOf(cookie('made-up'))).toBeUndefined()
    expect(sticky.sessions).toBe(0)
  })

  test.each([
    ['', undefined],
    [set(''), undefined],
    [set('', '; Max-Age=0'), undefined],
    [set('s1', ''), a.id],
    [set(' s1 \t', ' ; HttpOnly'), a.id],
    ['set-cookie:JSESSIONID=s1;Secure\r\n', a.id],
    ['Set-Cookie: x=y\r\nSet-Cookie: JSESSIONID=s0\r\nSet-Cookie: JSESSIONID=s1\r\n', a.id],
    ['Set-Cookie: jsessionid=s1\r\n', undefined],
    ['Set-Cookie: xJSESSIONID=s1\r\n', undefined],
    ['Set-Cookie: x=y; JSESSIONID=s1\r\n', undefined],
    ['Set-Cookie: JSESSIONID; JSESSIONID=s1\r\n', undefined],
    ['X-Session: s1\r\n', undefined],
  ])('of a response with %p is that of s1 at %p', (sent, home) => {
    const { answer, homeOf } = learning()
    answer(a, '', sent)
    expect(homeOf(cookie('s1'))?.id).toBe(home)
  })

  test('is not begun by a cookie that is being deleted', () => {
    const { answer, sticky } = learning()
    answer(a, '', set('', '; Max-Age=0'))
    expect(sticky.sessions).toBe(0)
  })

  test('is found by any of several cookies of that name', () => {
    const { answer, homeOf } = learning()
    answer(b, '', set('s1'))
    expect(homeOf('Cookie: JSESSIONID=old; JSESSIONID=s1\r\n')).toBe(b)
  })

  test('may have a value of 4 KiB, and no longer one', () => {
    const { answer, homeOf, sticky } = learning()
    const value = 'v'.repeat(4096)
    answer(a, '', set(value))
    answer(a, '', set(`${value}v`))
    expect([homeOf(cookie(value)), homeOf(cookie(`${value}v`)), sticky.sessions]).toEqual([a, undefined, 1])
  })

  test('is learned from a field of responses, and known by the same of requests', () => {
    const { answer, homeOf } = learning(byHeader)
    answer(b, '', 'x-SESSION:  one \r\nSet-Cookie: JSESSIONID=s1\r\n')
    expect(homeOf('X-Session: one\r\n')).toBe(b)
    expect([homeOf('X-Session:\r\n'), homeOf('X-Sessions: one\r\n'), homeOf(cookie('s1'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('a pool of learned sessions', () => {
  test('has those of a backend that has gone moved, and those of one that came back as before', () => {
    const { answer, homeOf, sticky, counters } = learning()
    answer(a, '', set('s1'))
    answer(a, '', set('s2'))
    sticky.update(byCookie, [b, c])
    expect(homeOf(cookie('s1'))).toBeUndefined()
    answer(c, cookie('s1'))
    expect(counters).toEqual({ hits: 0, misses: 2, moved: 1 })
    sticky.update(byCookie, [a, b, c])
    expect([homeOf(cookie('s1')), homeOf(cookie('s2'))]).toEqual([c, a])
  })

  test('learns nothing from a backend that is none of its own any more', () => {
    const { answer, sticky } = learning()
    answer(c, '', set('s1'))
    expect(sticky.sessions).toBe(0)
  })

  test('goes on with another time and another room', () => {
    const { answer, homeOf, sticky, clock } = learning()
    for (const session of ['s1', 's2', 's3']) answer(a, '', set(session))
    sticky.update({ ...byCookie, ttlMs: 20_000, maxBytes: 2 * entryBytes }, [a, b])
    clock.advance(15_000)
    expect(['s1', 's2', 's3'].map((session) => homeOf(cookie(session)))).toEqual([undefined, a, a])
  })
})
