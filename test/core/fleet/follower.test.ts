/** A node that follows a source which the test speaks for, on the virtual clock. */
import { describe, expect, test } from 'bun:test'
import { Follower, type Taken } from '../../../core/fleet/follower.ts'
import { isChosen, type Offer, type Release, writeOffer } from '../../../core/fleet/release.ts'
import type { ValueSink } from '../../../core/fleet/store.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const NODE = 'web-2'
const name = 'etcd://a/edge'

const offer = (generation: number, facts: Partial<Offer> = {}): string =>
  writeOffer({ generation, text: `text ${generation}`, percent: 100, before: undefined, ...facts })

function following(inForce: Release = { generation: 1, text: 'text 1' }) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const tried: string[] = []
  const kept: Release[] = []
  const faulty = new Set<string>()
  let hold: Promise<void> | undefined
  let sink: ValueSink | undefined
  let changes = 0
  let hasStopped = false
  const follower = new Follower({
    store: {
      name,
      follow(given) {
        sink = given
        return () => void (hasStopped = true)
      },
    },
    node: NODE,
    inForce,
    clock,
    async take(text, origin): Promise<Taken> {
      tried.push(`${text} from ${origin}`)
      await hold
      return faulty.has(text) ? { kind: 'refused', problems: ['x:1:1: a', 'x:2:1: b'] } : { kind: 'taken' }
    },
    keep(release) {
      kept.push(release)
      return { kind: 'kept', file: 'f' }
    },
    emit: (event) => void events.push(event),
    onChange: () => void (changes += 1),
  })
  follower.start()
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await Promise.resolve()
  }
  return {
    clock,
    events,
    tried,
    kept,
    faulty,
    follower,
    get changes() {
      return changes
    },
    get hasStopped() {
      return hasStopped
    },
    kinds: () => events.map(({ kind }) => kind),
    lose: (reason: string) => sink?.lose(reason),
    confirm: () => sink?.confirm(),
    async say(value: string) {
      sink?.value(value)
      await settle()
    },
    async wait(ms: number) {
      clock.advance(ms)
      await settle()
    },
    /** Until it is let go, nothing that is tried comes to an end. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      hold = promise
      return async () => {
        hold = undefined
        resolve()
        await settle()
      }
    },
  }
}

describe('a release', () => {
  test('comes into force, and is kept', async () => {
    const rig = following()
    expect(rig.follower.status()).toMatchObject({ presence: 'waiting', generation: 1, offered: null })
    await rig.say(offer(2))
    expect(rig.tried).toEqual(['text 2 from etcd://a/edge, generation 2'])
    expect(rig.kept).toEqual([{ generation: 2, text: 'text 2' }])
    expect(rig.follower.status()).toMatchObject({ presence: 'present', generation: 2, state: 'current', reason: null })
  })

  test('that is in force is not tried, nor is the same text under another number', async () => {
    const rig = following()
    await rig.say(offer(1))
    await rig.say(offer(2, { text: 'text 1' }))
    expect(rig.tried).toEqual([])
    expect(rig.follower.status().generation).toBe(2)
    expect(rig.kept).toEqual([{ generation: 2, text: 'text 1' }])
  })

  test('without a generation is one for all', async () => {
    const rig = following()
    await rig.say('by hand')
    expect(rig.tried).toEqual(['by hand from etcd://a/edge, a config without a generation'])
    expect(rig.follower.status()).toMatchObject({ generation: null, offered: { generation: null, percent: 100 } })
  })

  test('that is refused leaves the one before, and is tried again every half minute', async () => {
    const rig = following()
    rig.faulty.add('text 2')
    await rig.say(offer(2))
    await rig.say(offer(2))
    expect(rig.tried.length).toBe(1)
    expect(rig.follower.status()).toMatchObject({
      generation: 1,
      offered: { generation: 2 },
      state: 'refused',
      reason: 'x:1:1: a (and 1 more)',
    })
    expect(rig.kept).toEqual([])
    await rig.wait(30_000)
    expect(rig.tried.length).toBe(2)
    rig.faulty.clear()
    await rig.wait(30_000)
    expect(rig.follower.status()).toMatchObject({ generation: 2, state: 'current', reason: null })
    await rig.wait(60_000)
    expect(rig.tried.length).toBe(3)
  })

  test('behind one that was refused comes into force at once, be it the one that is', async () => {
    const rig = following()
    rig.faulty.add('text 2')
    await rig.say(offer(2))
    await rig.say(offer(3, { text: 'text 1' }))
    expect(rig.follower.status()).toMatchObject({ generation: 3, state: 'current', reason: null })
    rig.faulty.add('text 4')
    await rig.say(offer(4))
    await rig.say(offer(3, { text: 'text 1' }))
    expect(rig.follower.status()).toMatchObject({ generation: 3, state: 'current', reason: null })
    await rig.wait(60_000)
    // Also the one in force, so that nobody tries again what was refused.
    expect(rig.tried.map((text) => text.slice(0, 6))).toEqual(['text 2', 'text 1', 'text 4', 'text 1'])
  })

  test('that comes while another is tried is tried behind it, and those between are not', async () => {
    const rig = following()
    const letGo = rig.hold()
    await rig.say(offer(2))
    await rig.say(offer(3))
    await rig.say(offer(4))
    await letGo()
    expect(rig.tried.map((text) => text.slice(0, 6))).toEqual(['text 2', 'text 4'])
    expect(rig.follower.status().generation).toBe(4)
  })

  test('older than the one in force is taken: the source is what counts', async () => {
    const rig = following({ generation: 9, text: 'text 9' })
    await rig.say(offer(5))
    expect(rig.follower.status()).toMatchObject({ generation: 5, state: 'current' })
  })
})

describe('a value that is no release', () => {
  test('is refused, told once, and the one before stays', async () => {
    const rig = following()
    await rig.say('{"smartedge":')
    await rig.say('{"smartedge":')
    expect(rig.tried).toEqual([])
    expect(rig.events).toEqual([
      {
        kind: 'reload-failed',
        origin: name,
        problems: [`${name}: is no release that \`config push\` has written`],
        kept: [],
      },
    ])
    expect(rig.follower.status()).toMatchObject({ generation: 1, state: 'refused' })
    await rig.say(offer(1))
    expect(rig.follower.status()).toMatchObject({ state: 'current', reason: null })
  })
})

describe('a rollout', () => {
  const percentWith = 50
  const percentWithout = 5

  test('leaves this node out until it is wide enough', async () => {
    expect([isChosen(NODE, percentWith), isChosen(NODE, percentWithout)]).toEqual([true, false])
    const rig = following()
    const before = { generation: 1, text: 'text 1' }
    await rig.say(offer(2, { percent: percentWithout, before }))
    await rig.say(offer(2, { percent: percentWithout + 1, before }))
    expect(rig.tried).toEqual([])
    expect(rig.kinds()).toEqual(['config-held-back'])
    expect(rig.follower.status()).toMatchObject({ generation: 1, state: 'waiting', offered: { percent: 6 } })
    await rig.say(offer(2, { percent: percentWith, before }))
    expect(rig.follower.status()).toMatchObject({ generation: 2, state: 'current', offered: { percent: 50 } })
  })

  test('that is taken back takes this node back', async () => {
    const rig = following()
    const before = { generation: 1, text: 'text 1' }
    await rig.say(offer(2, { percent: percentWith, before }))
    await rig.say(offer(2, { percent: percentWithout, before }))
    expect(rig.follower.status()).toMatchObject({ generation: 1, state: 'waiting' })
  })

  test('without anything for this node leaves it as it is', async () => {
    const rig = following()
    await rig.say(offer(2, { percent: percentWithout }))
    expect(rig.follower.status()).toMatchObject({ generation: 1, state: 'waiting' })
    expect(rig.tried).toEqual([])
  })
})

describe('a source that is away', () => {
  test('is told once, and once when it is back; what is in force stays', async () => {
    const rig = following()
    rig.lose('cannot be asked: ECONNREFUSED')
    await rig.wait(1500)
    rig.lose('has no key edge')
    expect(rig.follower.status()).toMatchObject({
      presence: 'away',
      away: { since: '2026-01-01T00:00:00.000Z', reason: 'has no key edge' },
      generation: 1,
      state: 'current',
    })
    rig.confirm()
    rig.confirm()
    expect(rig.follower.status()).toMatchObject({ presence: 'present', away: null })
    await rig.wait(4999)
    expect(rig.kinds()).toEqual(['config-source-away'])
    await rig.wait(1)
    expect(rig.events).toEqual([
      { kind: 'config-source-away', source: name, reason: 'cannot be asked: ECONNREFUSED' },
      { kind: 'config-source-back', source: name, forMs: 1500 },
    ])
  })

  test('that comes and goes is told once', async () => {
    const rig = following()
    for (let times = 0; times < 10; times++) {
      rig.lose('breaks off')
      await rig.wait(1000)
      await rig.say(offer(1))
      await rig.wait(1000)
    }
    expect(rig.kinds()).toEqual(['config-source-away'])
    await rig.wait(5000)
    expect(rig.events.slice(1)).toEqual([{ kind: 'config-source-back', source: name, forMs: 19_000 }])
  })

  test('says why in words of a bounded length', () => {
    const rig = following()
    rig.lose('x'.repeat(5000))
    expect(rig.follower.status().away?.reason.length).toBe(300)
  })
})

describe('the end', () => {
  test('follows no more, and tries nothing again', async () => {
    const rig = following()
    rig.faulty.add('text 2')
    await rig.say(offer(2))
    rig.follower.stop()
    expect([rig.tried.length, rig.hasStopped, rig.clock.pending()]).toEqual([1, true, 0])
  })

  test('leaves alone what comes while something is tried', async () => {
    const rig = following()
    const letGo = rig.hold()
    await rig.say(offer(2))
    await rig.say(offer(3))
    rig.follower.stop()
    await letGo()
    expect(rig.tried.length).toBe(1)
  })
})
