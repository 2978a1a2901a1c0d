import { describe, expect, test } from 'bun:test'
import { fixedKeys, KeySet, readKeySet } from '../../../core/admission/key-set.ts'
import { Reach } from '../../../core/reach.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const setOf = (...kids: string[]): string =>
  JSON.stringify({ keys: kids.map((kid) => ({ kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid })) })
const ok = (...kids: string[]) => answered(200, [], setOf(...kids))

function fetching(refreshMs = 300_000) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const service = fakeAsk()
  let changes = 0
  const keys = new KeySet({
    url: 'https://id/keys',
    refreshMs,
    ask: service.ask,
    clock,
    onChange: () => (changes += 1),
    reach: new Reach({
      clock,
      quietMs: 0,
      onAway: (detail) => events.push({ kind: 'auth-away', service: 'id', detail }),
      onBack: () => events.push({ kind: 'auth-back', service: 'id' }),
    }),
  })
  return { clock, events, service, keys, changes: () => changes }
}

/** Whether a promise is settled yet, and to what. */
async function stateOf<T>(promise: Promise<T>): Promise<T | 'pending'> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  return await Promise.race([promise, Promise.resolve('pending' as const)])
}

describe('a key set at a URL', () => {
  test('is fetched at the start and again now and then', () => {
    const { clock, service, keys, changes } = fetching()
    expect(service.asked).toHaveLength(0)
    keys.start()
    expect(service.last.question).toMatchObject({ url: 'https://id/keys', timeoutMs: 5000, maxBodyBytes: 262_144 })
    expect(keys.current).toBeUndefined()
    service.last.answer(ok('a'))
    const { current } = keys
    expect([typeof current, changes()]).toEqual(['function', 1])
    clock.advance(299_999)
    expect(service.asked).toHaveLength(1)
    clock.advance(1)
    service.last.answer(ok('a'))
    expect([service.asked.length, changes(), keys.current === current]).toEqual([2, 1, true])
    clock.advance(300_000)
    service.last.answer(ok('a', 'b'))
    expect([changes(), keys.current === current]).toEqual([2, false])
  })

  test('stays in force while its URL is away, which is asked again ever more seldom, and told once', () => {
    const { clock, service, keys, events, changes } = fetching()
    keys.start()
    service.last.answer(ok('a'))
    clock.advance(300_000)
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const { length } = service.asked
      service.last.answer(failure())
      clock.advance(pauseMs - 1)
      expect(service.asked).toHaveLength(length)
      clock.advance(1)
      expect(service.asked).toHaveLength(length + 1)
    }
    expect([typeof keys.current, changes()]).toEqual(['function', 1])
    expect(events).toEqual([{ kind: 'auth-away', service: 'id', detail: 'ECONNREFUSED; the keys known stay in force' }])
    service.last.answer(ok('a'))
    expect(events.slice(1)).toEqual([{ kind: 'auth-back', service: 'id' }])
    const { length } = service.asked
    clock.advance(299_999)
    expect(service.asked).toHaveLength(length)
    clock.advance(1)
    service.last.answer(failure())
    clock.advance(1000)
    expect(service.asked).toHaveLength(length + 2)
  })

  test.each([
    [failure('ECONNRESET'), 'ECONNRESET'],
    [answered(404), 'it answered 404'],
    [answered(302, [['location', 'http://x/']]), 'it answered 302'],
    [answeredAtLength(200), 'its key set is longer than 262144 bytes'],
    [answered(200, [], 'no JSON'), 'it is no JSON Web Key Set'],
    [answered(200, [], '{"keys":[]}'), 'its key set has no public key'],
  ])('is not taken from an answer like %j', (answer, why) => {
    const { service, keys, events, changes } = fetching()
    keys.start()
    service.last.answer(answer)
    expect([keys.current, changes()]).toEqual([undefined, 0])
    expect(events).toMatchObject([{ kind: 'auth-away', detail: `${why}; no token can be checked` }])
  })

  test('is looked at anew when somebody asks for others, twice a minute at most', async () => {
    const { clock, service, keys } = fetching()
    keys.start()
    const first = keys.renew()
    expect(await stateOf(first)).toBe('pending')
    service.last.answer(ok('a'))
    expect([await first, await keys.renew(), service.asked.length]).toEqual([true, false, 1])
    clock.advance(29_999)
    expect([await keys.renew(), service.asked.length]).toEqual([false, 1])
    clock.advance(1)
    const [second, third] = [keys.renew(), keys.renew()]
    expect(service.asked).toHaveLength(2)
    service.last.answer(ok('b'))
    expect([await second, await third]).toEqual([true, true])
    clock.advance(30_000)
    const fourth = keys.renew()
    service.last.answer(failure())
    expect(await fourth).toBeFalse()
  })

  test('that is fetched on demand is fetched next a whole period later', async () => {
    const { clock, service, keys } = fetching(60_000)
    keys.start()
    service.last.answer(ok('a'))
    clock.advance(40_000)
    const renewal = keys.renew()
    service.last.answer(ok('a'))
    expect(await renewal).toBeFalse()
    clock.advance(59_999)
    expect(service.asked).toHaveLength(2)
    clock.advance(1)
    expect(service.asked).toHaveLength(3)
  })

  test.each([false, true])(
    'asks nobody once it has stopped; whoever waits is let go (while asking: %j)',
    async (asking) => {
      const { clock, service, keys } = fetching()
      keys.start()
      if (!asking) service.last.answer(ok('a'))
      const renewal = keys.renew()
      keys.stop()
      expect([await renewal, service.last.isCancelled]).toEqual([false, asking])
      clock.advance(1_000_000)
      expect([await keys.renew(), service.asked.length, clock.pending()]).toEqual([false, 1, 0])
    },
  )
})

describe('the text of a key set', () => {
  const faults = [
    ['', 'it is no JSON Web Key Set'],
    ['null', 'it is no JSON Web Key Set'],
    ['[]', 'it is no JSON Web Key Set'],
    ['{"keys":{}}', 'it is no JSON Web Key Set'],
    ['{"keys":[null]}', 'it is no JSON Web Key Set'],
    ['{"keys":[{}]}', 'it is no JSON Web Key Set'],
    [setOf('a').slice(0, -3), 'it is no JSON Web Key Set'],
    ['{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'its key set has no public key'],
    [setOf(...Array.from({ length: 101 }, (_, index) => `${index}`)), 'its key set has more than 100 keys'],
  ] as const

  test.each(faults.map(([text, detail]) => [text.slice(0, 40), detail, text]))('%j: %s', (_, detail, text) => {
    expect(readKeySet(text)).toEqual({ kind: 'fault', detail })
  })

  test('holds public keys', () => expect(readKeySet(setOf('a')).kind).toBe('keys'))
})

test('keys that are what they are', async () => {
  const secret = Buffer.from('secret')
  const keys = fixedKeys(secret)
  expect([keys.current, await keys.renew()]).toEqual([secret, false])
})
