import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { httpSource } from '../../../core/discovery/http.ts'
import { MAX_LIST_BYTES } from '../../../core/discovery/json-list.ts'
import type { HttpPolicy } from '../../../core/discovery/policy.ts'
import { systemClock } from '../../../core/clock.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { Secret } from '../../../core/secrets.ts'
import { fail } from '../../support/fail.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { startListServer } from '../../support/list-server.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const policyOf = (facts: Partial<HttpPolicy> = {}): HttpPolicy => ({
  kind: 'http',
  url: 'http://registry.test/web?key=1',
  intervalMs: 500,
  holdMs: undefined,
  fields: [],
  tls: undefined,
  ...facts,
})

const urlOf = (port: number): string => `http://127.0.0.1:${port}`

for (const holdMs of [undefined, 30_000]) {
  sourceSuite(holdMs === undefined ? 'http' : 'http that holds answers back', async () => {
    const server = startListServer()
    return {
      source: httpSource(
        policyOf({ url: server.url, holdMs }),
        sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
      ),
      list: async (...ports) => server.list(ports.map(urlOf)),
      idOf: (port) => `127.0.0.1:${port}`,
      spoil: async (...ports) => server.list([...ports.map(urlOf), 'ftp://a']),
      takeAway: () => server.stop(),
      bringBack: async () => server.start(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  })
}

/** A server as the test says that it is, on a clock that stands still. */
function polling(facts: Partial<HttpPolicy> = {}, pem: Readonly<Record<string, string>> = {}) {
  const clock = virtualClock()
  const server = fakeAsk()
  const source = httpSource(policyOf(facts), {
    clock,
    random: () => 0,
    readMember,
    ask: server.ask,
    readPem: (path) => pem[path],
  })
  return { clock, server, told: record(source) }
}

const A = '["http://a"]'
const tagged = (text: string, etag = '"1"') => answered(200, [['etag', etag]], text)

describe('a URL of members', () => {
  test('is asked for again every interval, with the ETag of its last answer', () => {
    const { clock, server, told } = polling()
    expect([server.last.question.url, server.last.field('if-none-match')]).toEqual([
      'http://registry.test/web?key=1',
      undefined,
    ])
    server.last.answer(tagged(A))
    clock.advance(499)
    expect(server.asked).toHaveLength(1)
    clock.advance(1)
    expect(server.last.field('if-none-match')).toBe('"1"')
    server.last.answer(answered(304))
    clock.advance(500)
    server.last.answer(tagged('{ "backends": [] }', '"2"'))
    clock.advance(500)
    expect(server.last.field('if-none-match')).toBe('"2"')
    expect(shown(told.words)).toEqual([['a:80'], 'confirmed', []])
  })

  test('that says the same again without an ETag confirms it', () => {
    const { clock, server, told } = polling()
    server.last.answer(answered(200, [], A))
    clock.advance(500)
    expect(server.last.field('if-none-match')).toBeUndefined()
    server.last.answer(answered(200, [], A))
    expect(shown(told.words)).toEqual([['a:80'], 'confirmed'])
  })

  test('may hold back what has not changed, once it has said anything', () => {
    const { clock, server } = polling({ holdMs: 55_000 })
    expect([server.last.field('prefer'), server.last.question.timeoutMs]).toEqual([undefined, 65_000])
    server.last.answer(tagged(A))
    clock.advance(500)
    expect(server.last.field('prefer')).toBe('wait=55')
    clock.advance(55_000)
    server.last.answer(answered(304))
    clock.advance(0)
    expect(server.asked).toHaveLength(3)
  })

  test('that does not hold back is asked no more often than every interval', () => {
    const { clock, server } = polling({ holdMs: 55_000 })
    server.last.answer(tagged(A))
    for (const _ of [1, 2]) {
      clock.advance(500)
      server.last.answer(answered(304))
    }
    clock.advance(499)
    expect(server.asked).toHaveLength(3)
  })

  test.each([
    ['cannot be had', failure(), 'cannot be asked: ECONNREFUSED'],
    ['is not there', answered(404, [], A), 'answers with 404'],
    ['leads elsewhere', answered(302), 'answers with 302'],
    ['fails', answered(500, [], A), 'answers with 500'],
    ['is not JSON', answered(200, [], '["http://a"'), 'it is not JSON'],
    ['holds no list', answered(200, [], '{}'), 'it is neither a list nor { "backends": [ … ] }'],
    ['is empty', answered(200), 'it is not JSON'],
    ['is huge', answeredAtLength(200), `answers with more than ${MAX_LIST_BYTES} bytes`],
  ])('that %s leaves what was known, and says why', (_what, answer, reason) => {
    const { clock, server, told } = polling()
    server.last.answer(tagged(A))
    clock.advance(500)
    server.last.answer(answer)
    expect(shown(told.words)).toEqual([['a:80'], `lost ${reason}`])
  })

  test('that says "unchanged" of nothing is at fault', () => {
    const { server, told } = polling()
    server.last.answer(answered(304))
    expect(shown(told.words)).toEqual(['lost answers with 304'])
  })

  test('that fails is asked again after 1, 2, 4 and 8 s, and for the whole', () => {
    const { clock, server } = polling()
    server.last.answer(tagged(A))
    clock.advance(500)
    for (const [index, waitMs] of [1000, 2000, 4000, 8000, 8000].entries()) {
      server.last.answer(failure())
      clock.advance(waitMs - 1)
      expect(server.asked).toHaveLength(2 + index)
      clock.advance(1)
      expect(server.asked).toHaveLength(3 + index)
    }
    expect(server.last.field('if-none-match')).toBeUndefined()
  })

  test('is sent what the config says, and nothing that would have it compressed', () => {
    const { server } = polling({ fields: [{ name: 'authorization', value: new Secret('Bearer 1') }] })
    expect(['authorization', 'accept', 'accept-encoding'].map((name) => server.last.field(name))).toEqual([
      'Bearer 1',
      'application/json',
      'identity',
    ])
  })

  test('is asked with certificates as they are now', () => {
    const pem: Record<string, string> = { '/ca.pem': 'old' }
    const { clock, server, told } = polling({ tls: { ca: '/ca.pem', cert: undefined, key: undefined } }, pem)
    server.last.answer(tagged(A))
    pem['/ca.pem'] = 'new'
    clock.advance(500)
    server.last.answer(answered(304))
    expect(server.asked.map(({ question }) => question.tls)).toEqual([{ ca: 'old' }, { ca: 'new' }])
    delete pem['/ca.pem']
    clock.advance(500)
    expect(shown(told.words).at(-1)).toBe('lost /ca.pem cannot be read')
  })

  test('is asked for no more once it is stopped', () => {
    const { clock, server, told } = polling()
    told.stop()
    expect([server.last.isCancelled, clock.pending()]).toEqual([true, 0])
  })
})
