import { describe, expect, test } from 'bun:test'
import type { Member } from '../../../core/backend/member.ts'
import { Followed } from '../../../core/discovery/follow.ts'
import type { Listing, SkippedEntry } from '../../../core/discovery/listing.ts'
import type { SourceSink } from '../../../core/discovery/source.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { makeMember } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const GUARD_MS = 30_000

const listing = (members: readonly Member[], first: readonly SkippedEntry[] = []): Listing => ({
  members,
  skipped: { count: first.length, first },
})
const ports = (...some: number[]): Listing => listing(some.map((port) => makeMember(port)))

/** A source that says what the test has it say. */
function following(overrides: { readonly guardMs?: undefined } = {}) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  let sink: SourceSink | undefined
  let changes = 0
  let isStopped = false
  let doubts = 0
  const source = {
    doubt: () => void (doubts += 1),
    start(given: SourceSink) {
      sink = given
      return () => void (isStopped = true)
    },
  }
  const emit = (event: EdgeEvent): void => void events.push(event)
  const onChange = (): void => void (changes += 1)
  const options = { pool: 'web', name: 'file /list', source, guardMs: GUARD_MS, clock, emit, onChange, ...overrides }
  const followed = new Followed(options)
  followed.start()
  return {
    followed,
    clock,
    events,
    source: sink as unknown as SourceSink,
    ports: () => [...followed.members.values()].map(({ id }) => Number(id.split(':')[1])),
    kinds: () => events.map(({ kind }) => kind),
    changes: () => changes,
    isStopped: () => isStopped,
    doubts: () => doubts,
  }
}

describe('a source that is followed', () => {
  test('waits until it is heard, and counts what it lists then', async () => {
    const { followed, source, ports: members, changes } = following()
    expect([followed.presence, followed.knownAt, members()]).toEqual([{ kind: 'waiting' }, undefined, []])
    source.publish(ports(1, 2))
    await followed.heard
    expect([followed.presence, followed.knownAt, members(), changes()]).toEqual([{ kind: 'present' }, 0, [1, 2], 1])
  })

  test('hears that one of its members cannot be reached, and of nobody else', () => {
    const { followed, source, doubts } = following()
    source.publish(ports(1, 2))
    followed.doubt('127.0.0.1:3')
    expect(doubts()).toBe(0)
    followed.doubt('127.0.0.1:2')
    expect(doubts()).toBe(1)
  })

  test('is away for a reason of three hundred characters at most', () => {
    const { events, followed, source } = following()
    source.lose('x'.repeat(1000))
    expect(followed.presence).toMatchObject({ reason: 'x'.repeat(300) })
    expect(events).toMatchObject([{ reason: 'x'.repeat(300) }])
  })

  test('is heard as well when it says that it is away', async () => {
    const { followed, source } = following()
    source.lose('refused')
    await followed.heard
    expect(followed.presence).toEqual({ kind: 'away', since: 0, reason: 'refused' })
  })

  test('changes nothing when it lists the same once more, in whatever order', () => {
    const { source, changes } = following()
    source.publish(ports(1, 2))
    source.publish(ports(2, 1))
    expect(changes()).toBe(1)
  })

  test.each([
    ['a weight', { weight: 2 }],
    ['a tier', { tier: 1 }],
    ['a bound', { maxInflight: 3 }],
    ['a zone', { zone: 'eu' }],
    ['a drain', { isDraining: true }],
    ['a place', { place: { latitude: 1, longitude: 2 } }],
  ])('changes what it lists by %s alone', (_what, facts) => {
    const { source, changes, followed } = following()
    source.publish(ports(1))
    source.publish(listing([makeMember(1, facts)]))
    expect([changes(), [...followed.members.values()]]).toEqual([2, [makeMember(1, facts)]])
  })

  test('leaves its last members while it is away, however long, and tells once', () => {
    const { source, clock, events, followed, ports: members } = following()
    source.publish(ports(1, 2))
    for (let times = 0; times < 100; times++) {
      clock.advance(60_000)
      source.lose('refused')
    }
    expect(members()).toEqual([1, 2])
    expect(followed).toMatchObject({ knownAt: 0, counters: { updates: 1, failures: 100 } })
    expect(followed.presence).toEqual({ kind: 'away', since: 60_000, reason: 'refused' })
    expect(events).toEqual([
      { kind: 'discovery-away', pool: 'web', source: 'file /list', reason: 'refused', members: 2 },
    ])
  })

  test('is back once it has not failed for five seconds', () => {
    const { source, clock, kinds, events } = following()
    source.lose('refused')
    clock.advance(2000)
    source.publish(ports(1))
    clock.advance(4999)
    expect(kinds()).toEqual(['discovery-away'])
    clock.advance(1)
    expect(events.at(-1)).toEqual({
      kind: 'discovery-back',
      pool: 'web',
      source: 'file /list',
      forMs: 2000,
      members: 1,
    })
  })

  test('is told to be away once when it comes and goes every 100 ms', () => {
    const { source, clock, kinds } = following()
    for (let times = 0; times < 200; times++) {
      source.lose('refused')
      clock.advance(50)
      source.publish(ports(1))
      clock.advance(50)
    }
    clock.advance(60_000)
    expect(kinds()).toEqual(['discovery-away', 'discovery-back'])
  })

  test('is known to hold when it confirms', () => {
    const { source, clock, followed } = following()
    source.publish(ports(1))
    source.lose('refused')
    clock.advance(700)
    source.confirm()
    expect([followed.presence, followed.knownAt]).toEqual([{ kind: 'present' }, 700])
  })

  test('is not back where what holds is that there is nobody', () => {
    const { source, clock, followed, kinds } = following()
    source.publish(ports(1))
    source.vanish('no such service')
    clock.advance(700)
    source.confirm()
    clock.advance(60_000)
    expect([followed.presence.kind, followed.knownAt, kinds()]).toEqual([
      'away',
      0,
      ['discovery-away', 'discovery-held'],
    ])
    source.publish(ports(1))
    clock.advance(5000)
    expect([followed.presence.kind, kinds().at(-1)]).toEqual(['present', 'discovery-back'])
  })

  test('tells of entries that are left out, once for as long as they are the same', () => {
    const { source, clock, events, followed } = following()
    const bad = { entry: '[1]', reason: 'must be a backend' }
    source.publish(listing([makeMember(1)], [bad]))
    clock.advance(10_000)
    source.publish(listing([makeMember(1)], [bad]))
    expect(followed.skipped).toEqual({ count: 1, first: [bad] })
    expect(events).toEqual([
      { kind: 'discovery-skipped', pool: 'web', source: 'file /list', count: 1, detail: '[1] must be a backend' },
    ])
    source.publish(ports(1))
    expect(followed.skipped.count).toBe(0)
  })

  test('leaves no timer behind once it is stopped', () => {
    const { source, clock, followed, isStopped } = following()
    source.publish(ports(1, 2, 3))
    source.lose('refused')
    source.publish(ports(1))
    followed.stop()
    expect([isStopped(), clock.pending()]).toEqual([true, 0])
  })
})

describe('a list that has lost more than half of its members', () => {
  test('is held back until it has lasted', () => {
    const { source, clock, ports: members, events, followed } = following()
    source.publish(ports(1, 2, 3, 4, 5))
    source.publish(ports(1, 2))
    expect([members(), followed.heldBack]).toEqual([[1, 2, 3, 4, 5], { members: 2, until: GUARD_MS }])
    expect(events).toEqual([
      { kind: 'discovery-held', pool: 'web', source: 'file /list', members: 5, listed: 2, forMs: GUARD_MS },
    ])
    clock.advance(GUARD_MS - 1)
    expect(members()).toHaveLength(5)
    clock.advance(1)
    expect([members(), followed.heldBack]).toEqual([[1, 2], undefined])
  })

  test('lets nobody leave, and whoever is new come', () => {
    const { source, ports: members } = following()
    source.publish(ports(1, 2, 3, 4, 5))
    source.publish(ports(6))
    source.publish(ports(7))
    expect(members()).toEqual([1, 2, 3, 4, 5, 7])
  })

  test('has what it says of a member count at once', () => {
    const { source, followed } = following()
    source.publish(ports(1, 2, 3))
    source.publish(listing([makeMember(1, { isDraining: true })]))
    expect(followed.members.get('127.0.0.1:1')?.isDraining).toBe(true)
  })

  test('is measured by those before, and runs out when it first would, however often it comes', () => {
    const { source, clock, ports: members } = following()
    source.publish(ports(1, 2, 3, 4, 5))
    for (let times = 0; times < 30; times++) {
      source.publish(ports(1, 2))
      clock.advance(1000)
    }
    expect(members()).toEqual([1, 2])
  })

  test('does not last while the source is away', () => {
    const { source, clock, ports: members, followed } = following()
    source.publish(ports(1, 2, 3))
    source.publish(ports(1))
    source.lose('refused')
    clock.advance(GUARD_MS)
    expect([members(), followed.heldBack?.until]).toEqual([[1, 2, 3], 2 * GUARD_MS])
    clock.advance(GUARD_MS - 1)
    source.confirm()
    expect(members()).toEqual([1, 2, 3])
    clock.advance(1)
    expect(members()).toEqual([1])
  })

  test('is forgotten when a longer one comes', () => {
    const { source, clock, ports: members, followed } = following()
    source.publish(ports(1, 2, 3, 4, 5))
    source.publish(ports())
    source.publish(ports(1, 2, 3))
    expect([members(), followed.heldBack, clock.pending()]).toEqual([[1, 2, 3], undefined, 0])
  })

  test('is the list of a source that says that there is nobody, too', () => {
    const { source, clock, ports: members, followed } = following()
    source.publish(ports(1))
    source.vanish('no such name')
    expect([members(), followed.presence.kind]).toEqual([[1], 'away'])
    clock.advance(GUARD_MS)
    expect(members()).toEqual([])
  })

  test.each([
    ['half of them', [1, 2, 3, 4], [1, 2]],
    ['none, but others in their place', [1, 2, 3, 4], [5, 6, 7, 8]],
    ['one of two', [1, 2], [2]],
  ])('is another than one that has lost %s', (_what, before, after) => {
    const { source, ports: members } = following()
    source.publish(ports(...before))
    source.publish(ports(...after))
    expect(members()).toEqual(after)
  })

  test('counts at once where there is no guard', () => {
    const { source, ports: members } = following({ guardMs: undefined })
    source.publish(ports(1, 2, 3))
    source.publish(ports())
    expect(members()).toEqual([])
  })
})
