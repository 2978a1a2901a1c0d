import { describe, expect, test } from 'bun:test'
import type { Draft, ProviderSink } from '../../../core/discovery/provider.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { FollowedProvider } from '../../../core/runtime/followed-provider.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A draft of one pool and a route to it for each host. */
const draft = (name: string, hosts: readonly string[], { pool = name, settings = {} } = {}): Draft => ({
  name,
  pools: [{ name: pool, settings, discovery: [] }],
  routes: hosts.map((host) => ({ match: { host }, pool })),
})

function following(keepMs: number | undefined = 30_000) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  let sink: ProviderSink | undefined
  let changes = 0
  let isStopped = false
  const followed = new FollowedProvider({
    name: 'docker x',
    provider: {
      start(given) {
        sink = given
        return () => void (isStopped = true)
      },
    },
    keepMs,
    clock,
    emit: (event) => void events.push(event),
    onChange: () => void (changes += 1),
  })
  followed.start()
  return {
    clock,
    events,
    followed,
    tell: (...drafts: readonly Draft[]) => sink?.publish(drafts, []),
    lose: (reason: string) => sink?.lose(reason),
    changes: () => changes,
    isStopped: () => isStopped,
    routes: () => followed.provided.routes.map(({ match: { host }, pool }) => `${host} ${pool}`),
    pools: () => followed.provided.pools.map(({ name }) => name),
  }
}

describe('a provider that is followed', () => {
  test('adds what its drafts say, and tells of a change alone', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']), draft('b', ['b.test', 'bb.test']))
    expect([rig.routes(), rig.pools()]).toEqual([
      ['a.test a', 'b.test b', 'bb.test b'],
      ['a', 'b'],
    ])
    rig.tell(draft('a', ['a.test']), draft('b', ['b.test', 'bb.test']))
    expect(rig.changes()).toBe(1)
    expect(rig.followed.provided.routes[0]?.provider).toBe('docker x')
  })

  test('has heard once it has said something, be it that it is away', async () => {
    const rig = following()
    expect(rig.followed.presence.kind).toBe('waiting')
    rig.lose('no')
    await rig.followed.heard
    expect(rig.followed.presence).toEqual({ kind: 'away', since: 0, reason: 'no' })
  })

  test('keeps routes that nobody names any more for a while, and the pools to which they lead', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']), draft('b', ['b.test']))
    rig.tell(draft('b', ['b.test']))
    expect([rig.routes(), rig.pools()]).toEqual([
      ['b.test b', 'a.test a'],
      ['b', 'a'],
    ])
    rig.clock.advance(29_999)
    expect(rig.pools()).toEqual(['b', 'a'])
    rig.clock.advance(1)
    expect([rig.routes(), rig.pools(), rig.clock.pending()]).toEqual([['b.test b'], ['b'], 0])
  })

  test('keeps five thousand of them at most, the newest', () => {
    const rig = following()
    const many = (host: string) =>
      Array.from({ length: 20 }, (_, index) =>
        draft(
          `${host}${index}`,
          Array.from({ length: 200 }, (_hosts, number) => `${host}${index}-${number}.test`),
        ),
      )
    for (const host of ['a', 'b', 'c']) rig.tell(...many(host))
    rig.tell()
    const routes = rig.routes()
    expect(routes).toHaveLength(5000)
    expect(routes.filter((route) => route.startsWith('c'))).toHaveLength(4000)
  })

  test('keeps those of one that is faulty now until that is mended, or gone', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test', 'aa.test']), draft('b', ['b.test']))
    rig.tell(draft('a', ['http://a']), draft('b', ['b.test']))
    rig.clock.advance(100_000)
    expect([rig.routes(), rig.clock.pending()]).toEqual([['b.test b', 'a.test a', 'aa.test a'], 0])
    rig.tell(draft('a', ['aa.test']), draft('b', ['b.test']))
    rig.clock.advance(30_000)
    expect(rig.routes()).toEqual(['aa.test a', 'b.test b'])
    rig.tell(draft('a', ['http://a']), draft('b', ['b.test']))
    rig.tell(draft('b', ['b.test']))
    rig.clock.advance(29_999)
    expect(rig.routes()).toEqual(['b.test b', 'aa.test a'])
    rig.clock.advance(1)
    expect(rig.routes()).toEqual(['b.test b'])
  })

  test('does not let those go that come back in time', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']))
    rig.tell()
    rig.clock.advance(20_000)
    rig.tell(draft('a', ['a.test']))
    rig.tell()
    rig.clock.advance(29_000)
    expect(rig.pools()).toEqual(['a'])
    rig.clock.advance(1000)
    expect(rig.pools()).toEqual([])
  })

  test('lets them go at once where nothing is kept', () => {
    const rig = following(0)
    rig.tell(draft('a', ['a.test']))
    rig.tell()
    expect([rig.routes(), rig.clock.pending()]).toEqual([[], 0])
  })

  test('leads a route elsewhere at once', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']))
    rig.tell(draft('b', ['a.test']))
    expect(rig.routes()).toEqual(['a.test b'])
  })

  test('stays as it was while it is away, which is told once', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']))
    rig.lose('no')
    rig.lose('still no')
    rig.clock.advance(100_000)
    expect(rig.pools()).toEqual(['a'])
    rig.tell(draft('a', ['a.test']))
    rig.clock.advance(5000)
    expect(rig.events).toEqual([
      { kind: 'provider-away', provider: 'docker x', reason: 'no', routes: 1 },
      { kind: 'provider-back', provider: 'docker x', forMs: 100_000, routes: 1 },
    ])
  })

  test('leaves faulty ones out with their reasons, each told once and eight at most at a time', () => {
    const rig = following()
    const faulty = Array.from({ length: 20 }, (_, index) => draft(`f${index}`, ['http://x']))
    rig.tell(draft('a', ['a.test']), ...faulty)
    rig.tell(draft('a', ['a.test']), ...faulty)
    expect(rig.pools()).toEqual(['a'])
    expect(rig.followed.skipped).toHaveLength(20)
    expect(rig.events).toHaveLength(8)
    expect(rig.events[0]).toMatchObject({ kind: 'provider-skipped', count: 20 })
    rig.clock.advance(5000)
    rig.tell(draft('z', ['http://z']), ...faulty)
    expect(rig.events).toHaveLength(9)
  })

  test('cuts what is said at length: a label may be megabytes long, and status is asked for each second', () => {
    const rig = following()
    const name = 'n'.repeat(1000)
    rig.tell(draft(name, ['a.test'], { pool: 'a' }))
    rig.tell(draft(name, [`http://${'x'.repeat(1_000_000)}`], { pool: 'a' }))
    expect(rig.followed.skipped.map(({ entry }) => entry)).toEqual([`${'n'.repeat(100)}…`])
    // It is still known whose routes these are.
    rig.clock.advance(3_600_000)
    rig.tell(draft(name, [`http://${'x'.repeat(1_000_000)}`], { pool: 'a' }))
    expect(rig.routes()).toEqual(['a.test a'])
  })

  test.each([
    [draft('b', ['a.test']), 'leads a.test to b, and a to a'],
    [draft('b', ['b.test'], { pool: 'a', settings: { health: { path: '/b' } } }), 'says of the pool a what a does not'],
  ])('counts the first of two who say otherwise (%#)', (other, reason) => {
    const rig = following()
    rig.tell(draft('a', ['a.test'], { settings: { health: { path: '/a' } } }), other)
    expect([rig.routes(), rig.followed.skipped]).toEqual([['a.test a'], [{ entry: 'b', reason }]])
  })

  test('lets one that yields have what is left, and leaves it out where nothing is', () => {
    const rig = following()
    const rest = { ...draft('b', ['a.test', 'b.test']), yields: true as const }
    const nothing = { ...draft('c', ['a.test']), yields: true as const }
    rig.tell(draft('a', ['a.test']), rest, nothing)
    expect(rig.routes()).toEqual(['a.test a', 'b.test b'])
    expect(rig.followed.skipped).toEqual([{ entry: 'c', reason: 'leads a.test to c, and a to a' }])
  })

  test('takes the settings of a pool from whoever says any', () => {
    const rig = following()
    const settings = { health: { path: '/up' } }
    rig.tell(draft('a', ['a.test'], { pool: 'web' }), draft('b', ['a.test'], { pool: 'web', settings }))
    expect(rig.followed.provided.pools.map(({ health }) => health?.check)).toMatchObject([
      { kind: 'http', path: '/up' },
    ])
    expect([rig.routes(), rig.followed.skipped]).toEqual([['a.test web'], []])
  })

  test('reads few drafts a turn, and of what is told meanwhile the newest', async () => {
    const rig = following()
    const many = (count: number, host: string) =>
      Array.from({ length: count }, (_, index) => draft(`${host}${index}`, [`${host}${index}.test`]))
    rig.tell(...many(200, 'a'))
    rig.tell(...many(200, 'b'))
    rig.tell(...many(120, 'c'))
    expect(rig.routes()).toEqual([])
    await turnUntil(() => rig.pools().includes('c0'), 'the newest')
    expect([rig.pools().includes('a0'), rig.pools().includes('b0'), rig.changes()]).toEqual([true, false, 2])
  })

  test('reads nothing more once it is stopped', async () => {
    const rig = following()
    rig.tell(...Array.from({ length: 60 }, (_, index) => draft(`a${index}`, [`a${index}.test`])))
    rig.followed.stop()
    await turn()
    await turn()
    expect(rig.routes()).toEqual([])
  })

  test('takes five thousand drafts and no more', () => {
    const rig = following()
    rig.tell(...Array.from({ length: 5001 }, () => draft('a', ['a.test'])))
    expect(rig.followed.skipped).toEqual([{ entry: '1 more', reason: 'are beyond 5000' }])
  })

  test('does nothing once it is stopped', () => {
    const rig = following()
    rig.tell(draft('a', ['a.test']))
    rig.tell()
    rig.lose('no')
    rig.tell()
    rig.followed.stop()
    expect([rig.clock.pending(), rig.isStopped()]).toEqual([0, true])
  })
})
