/** The etcd source on the virtual clock, against an etcd that the test answers for. */
import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { etcdSource } from '../../../core/discovery/etcd.ts'
import type { EtcdPolicy } from '../../../core/discovery/policy.ts'
import { Secret } from '../../../core/secrets.ts'
import { base64 } from '../../support/etcd.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { fakeLines } from '../../support/fake-lines.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'

const kv = (key: string, value: string) => ({ key: base64(key), value: base64(value) })
const range = (kvs: readonly object[], more = false) => json({ header: { revision: '7' }, kvs, more })
const json = (said: object, status = 200) => answered(status, [], JSON.stringify(said))
const put = (key: string, value: string) => ({ kv: kv(key, value) })
const gone = (key: string) => ({ type: 'DELETE', kv: { key: base64(key) } })
const events = (...changes: object[]) => ({ result: { events: changes } })

function following(facts: Partial<EtcdPolicy> = {}) {
  const clock = virtualClock()
  const server = fakeAsk()
  const watch = fakeLines()
  const source = etcdSource(
    {
      kind: 'etcd',
      endpoints: ['http://one.test', 'http://two.test'],
      prefix: '/web/',
      user: undefined,
      tls: undefined,
      ...facts,
    },
    { clock, random: () => 0, readMember, readPem: () => undefined, ask: server.ask, askLines: watch.askLines },
  )
  const told = record(source)
  return {
    clock,
    server,
    watch,
    told,
    asked: () => JSON.parse(server.last.question.body ?? '') as Readonly<Record<string, unknown>>,
    watched: () => (JSON.parse(watch.last.question.body ?? '') as { create_request: object }).create_request,
    /** Lists these, and is watched. */
    list(...kvs: readonly object[]) {
      server.last.answer(range(kvs))
      watch.last.open()
    },
    /** What was told, after whatever is told together. */
    shown() {
      clock.advance(20)
      return shown(told.words)
    },
  }
}

const A = kv('/web/a', 'http://a')

describe('a prefix', () => {
  test('is read, and watched from the next revision on', () => {
    const rig = following()
    expect(rig.asked()).toEqual({ key: base64('/web/'), range_end: base64('/web0'), limit: '500' })
    rig.list(A)
    expect(rig.watched()).toMatchObject({ key: base64('/web/'), range_end: base64('/web0'), start_revision: '8' })
    rig.watch.last.say(
      { result: { created: true } },
      events(put('/web/b', '"http://b"'), put('/web/a', '{"url":"http://c"}')),
    )
    rig.watch.last.say(events(gone('/web/b'), gone('/web/unknown')))
    expect(rig.shown()).toEqual([['a:80'], ['c:80']])
    const last = rig.told.words.at(-1)
    expect(last?.kind === 'listing' && last.listing.skipped.count).toBe(0)
  })

  test('is read page by page, all of one revision', () => {
    const rig = following()
    rig.server.last.answer(range([A], true))
    expect(rig.asked()).toMatchObject({ key: base64('/web/a\0'), revision: '7' })
    rig.list(kv('/web/b', 'http://b'))
    expect(rig.shown()).toEqual([['a:80', 'b:80']])
  })

  test.each<[string, readonly object[]]>([
    ['the same page', [A]],
    ['an empty page', []],
  ])('whose server says again and again that there is more behind %s is lost', (_what, page) => {
    const rig = following()
    rig.server.last.answer(range([A], true))
    rig.server.last.answer(range(page, true))
    expect(rig.shown()).toEqual(['lost has more keys, and does not tell them'])
  })

  test('has values that are no members left out', () => {
    const rig = following()
    rig.list(
      A,
      kv('/web/b', ''),
      kv('/web/c', '{'),
      kv('/web/d', '"ftp://d"'),
      kv('/web/e', `"http://${'e'.repeat(5000)}"`),
      { value: 'x' },
    )
    const [word] = rig.told.words
    expect(word?.kind === 'listing' && word.listing.skipped).toMatchObject({
      count: 4,
      first: [
        { entry: '/web/b', reason: expect.stringContaining('must be') },
        { entry: '/web/c', reason: 'is not JSON' },
        { entry: '/web/d', reason: expect.stringContaining('must be') },
        { entry: '/web/e', reason: 'is longer than 4096 bytes' },
      ],
    })
  })

  test('is read anew once what came since is compacted away, which is no outage', () => {
    const rig = following()
    rig.list(A)
    rig.watch.last.say({ result: { canceled: true, compact_revision: '9' } })
    rig.clock.advance(100)
    rig.list(kv('/web/b', 'http://b'))
    expect(rig.shown()).toEqual([['a:80'], ['b:80']])
  })

  test.each([
    [
      'ends',
      (w: ReturnType<typeof fakeLines>) => w.last.end({ kind: 'ended', detail: 'it has ended' }),
      'breaks off: it has ended',
    ],
    [
      'is cut in the middle of a line',
      (w: ReturnType<typeof fakeLines>) => w.last.say('{"result":'),
      'says what is not JSON',
    ],
    ['is no object', (w: ReturnType<typeof fakeLines>) => w.last.say('[]'), 'says what is not JSON'],
    [
      'is cancelled',
      (w: ReturnType<typeof fakeLines>) => w.last.say({ result: { canceled: true, cancel_reason: 'no' } }),
      'no',
    ],
    [
      'tells of more keys than a pool has members',
      (w: ReturnType<typeof fakeLines>) =>
        w.last.say(events(...Array.from({ length: 100_000 }, (_, index) => put(`/web/${index}`, '{')))),
      'has more than 100000 keys',
    ],
    [
      'fails',
      (w: ReturnType<typeof fakeLines>) => w.last.say({ error: { grpc_code: 14, message: 'no leader' } }),
      'no leader',
    ],
    [
      'is refused',
      (w: ReturnType<typeof fakeLines>) => w.last.end({ kind: 'refused', status: 503, body: '<html>' }),
      'answers with 503',
    ],
  ])('whose watch %s leaves what was known, and is read anew at the next endpoint', (_how, how, reason) => {
    const rig = following()
    rig.list(A)
    how(rig.watch)
    expect(rig.shown()).toEqual([['a:80'], `lost ${reason}`])
    rig.clock.advance(1000)
    expect(rig.server.last.question.url).toBe('http://two.test/v3/kv/range')
    rig.list(A)
    expect(rig.shown()).toEqual([['a:80'], `lost ${reason}`, ['a:80']])
  })

  test.each([
    ['nobody', failure(), 'cannot be asked: ECONNREFUSED'],
    ['what is not JSON', answered(200, [], 'ok'), 'says what is not JSON'],
    ['what has no revision', json({}), 'answers with what is no list of keys'],
    ['a revision that is no number', json({ header: { revision: 'x' } }), 'answers with what is no list of keys'],
    ['too much', answeredAtLength(200), 'answers with more than 8388608 bytes'],
    ['a fault', json({ code: 5, message: 'no such thing' }, 404), 'no such thing'],
  ])('that %s answers for is lost', (_what, answer, reason) => {
    const rig = following()
    rig.server.last.answer(answer)
    expect(rig.shown()).toEqual([`lost ${reason}`])
  })

  test('is confirmed every ten seconds, and lost when nobody says so', () => {
    const rig = following()
    rig.list(A)
    rig.clock.advance(10_000)
    expect(rig.asked()).toMatchObject({ count_only: true })
    rig.server.last.answer(range([]))
    rig.clock.advance(10_000)
    rig.server.last.answer(failure('no whole answer within 5000 ms'))
    expect(rig.shown()).toEqual([['a:80'], 'confirmed', 'lost cannot be asked: no whole answer within 5000 ms'])
    expect(rig.watch.last.isCancelled).toBe(true)
  })

  test('is read anew after thirty times, as its watch may be one that nobody serves any more, which is no outage', () => {
    const rig = following()
    rig.list(A)
    for (let times = 0; times < 30; times++) {
      rig.clock.advance(10_000)
      rig.server.last.answer(range([]))
    }
    expect(rig.watch.last.isCancelled).toBe(false)
    rig.clock.advance(10_000)
    expect(rig.watch.last.isCancelled).toBe(true)
    rig.clock.advance(100)
    rig.list(kv('/web/b', 'http://b'))
    expect(rig.shown().filter((word) => word !== 'confirmed')).toEqual([['a:80'], ['b:80']])
  })

  test('has changes that come together told as one', () => {
    const rig = following()
    rig.list(A)
    for (let times = 0; times < 50; times++) rig.watch.last.say(events(put(`/web/${times}`, `http://m${times}`)))
    expect(rig.told.words).toHaveLength(1)
    expect(rig.shown()[1]).toHaveLength(51)
  })

  test('is asked for no more once it is stopped', () => {
    const rig = following()
    rig.told.stop()
    expect([rig.server.last.isCancelled, rig.clock.pending()]).toEqual([true, 0])
    const other = following()
    other.list(A)
    other.watch.last.say(events(gone('/web/a')))
    other.told.stop()
    expect([other.watch.last.isCancelled, other.clock.pending()]).toEqual([true, 0])
  })
})

describe('a user', () => {
  const user = { name: 'ann', password: new Secret('s3cret') }

  test('is told first, and the token with each question', () => {
    const rig = following({ user })
    expect([rig.server.last.question.url, rig.asked()]).toEqual([
      'http://one.test/v3/auth/authenticate',
      { name: 'ann', password: 's3cret' },
    ])
    rig.server.last.answer(json({ token: 't1' }))
    expect(rig.server.last.field('authorization')).toBe('t1')
    rig.list(A)
    expect(rig.watch.last.field('authorization')).toBe('t1')
  })

  test('whose token has run out is told anew, which is no outage', () => {
    const rig = following({ user })
    rig.server.last.answer(json({ token: 't1' }))
    rig.list(A)
    rig.clock.advance(10_000)
    rig.server.last.answer(json({ code: 16, message: 'invalid auth token' }, 401))
    rig.clock.advance(100)
    rig.server.last.answer(json({ token: 't2' }))
    expect(rig.server.last.field('authorization')).toBe('t2')
    rig.list(A)
    expect(rig.shown()).toEqual([['a:80'], ['a:80']])
  })

  test('who is refused is tried again later', () => {
    const rig = following({ user })
    rig.server.last.answer(json({ code: 16, message: 'who is that' }, 401))
    expect(rig.shown()).toEqual(['lost who is that'])
  })
})
