import { describe, expect, test } from 'bun:test'
import { seededRandom } from '../../../core/random.ts'
import { Secret } from '../../../core/secrets.ts'
import { LiveSticky } from '../../../core/sticky/live.ts'
import type { CookiePolicy, LearnPolicy } from '../../../core/sticky/policy.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { usualCookie } from '../../support/policies.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const cookie: CookiePolicy = { ...usualCookie, name: 'n', key: new Secret('a key of sixteen characters') }
const learn: LearnPolicy = { kind: 'learn', from: { kind: 'header', name: 'x-s' }, ttlMs: 1000, maxBytes: 65_536 }
const backend = makeBackend(1)

function live() {
  let asked = 0
  const ownKey = (): Secret => {
    asked += 1
    return new Secret('the key of this process')
  }
  const sticky = new LiveSticky({ pool: 'web', clock: virtualClock(), random: seededRandom(1), ownKey })
  /** What a response of the backend tells the client, to a request with these lines. */
  function answer(lines = '', sent = ''): string {
    const head = parseResponse(`HTTP/1.1 200 OK\r\n${sent}\r\n`)
    sticky.sticky?.sessionOf(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)).settle(backend, head)
    return head.added
  }
  return { sticky, answer, asked: () => asked }
}

describe('sticky sessions over reloads', () => {
  test('are off until a policy asks for them, and when none does any more', () => {
    const { sticky } = live()
    expect(sticky.sticky).toBeUndefined()
    sticky.update(undefined, [backend])
    expect(sticky.sticky).toBeUndefined()
    sticky.update(cookie, [backend])
    expect(sticky.sticky).toBeDefined()
    sticky.update(undefined, [backend])
    expect([sticky.sticky, sticky.sessions]).toEqual([undefined, undefined])
  })

  test('go on as they were under the same policy, written anew', () => {
    const { sticky, answer } = live()
    sticky.update(cookie, [backend])
    const before = [sticky.sticky, answer()]
    sticky.update({ ...cookie, key: new Secret('a key of sixteen characters') }, [backend])
    expect([sticky.sticky, answer()]).toEqual(before)
    sticky.update({ ...cookie, key: new Secret('a key of 16 other characters') }, [backend])
    expect(answer()).not.toBe(before[1] as string)
  })

  test('keep their counts under another policy', () => {
    const { sticky, answer } = live()
    sticky.update(cookie, [backend])
    answer()
    sticky.update({ ...cookie, name: 'm' }, [backend])
    answer()
    sticky.update(learn, [backend])
    answer()
    expect(sticky.counters).toEqual({ hits: 0, misses: 3, moved: 0 })
  })

  test('are remembered for as long as they are known by the same', () => {
    const { sticky, answer } = live()
    sticky.update(learn, [backend])
    answer('', 'X-S: one\r\n')
    sticky.update({ ...learn, ttlMs: 2000, maxBytes: 131_072 }, [backend])
    expect(sticky.sessions).toBe(1)
    sticky.update({ ...learn, from: { kind: 'cookie', name: 'x-s' } }, [backend])
    expect(sticky.sessions).toBe(0)
    sticky.update(cookie, [backend])
    expect(sticky.sessions).toBeUndefined()
  })

  test('take the key of the process where the policy names none, and ask for it then alone', () => {
    const { sticky, answer, asked } = live()
    sticky.update(cookie, [backend])
    sticky.update(learn, [backend])
    expect(asked()).toBe(0)
    sticky.update({ ...cookie, key: undefined }, [backend])
    const own = answer()
    sticky.update({ ...cookie, key: new Secret('the key of this process') }, [backend])
    expect([answer(), asked()]).toEqual([own, 1])
  })
})
