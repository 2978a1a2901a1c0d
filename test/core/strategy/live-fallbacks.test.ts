import { describe, expect, test } from 'bun:test'
import { HungVersionError, type LoadedPlugin } from '../../../core/strategy/host.ts'
import { readyStrategy, startingStrategy } from '../../../core/strategy/live.ts'
import { locateStrategy } from '../../../core/strategy/load.ts'
import { hostOf, living, loadedOf, shippedDefault, readyOf, running } from '../../support/live-strategy.ts'

describe('LiveStrategy going back', () => {
  test('brings the last good version back at the tenth fault', async () => {
    const { live, asked, ready, fail, events } = await living()
    live.take(await readyOf('two'))
    fail(9, 'pick threw', new Error('boom'))
    expect(live.facts().version).toBe('two')
    fail(1, 'pick threw', new Error('boom'))
    expect(asked()).toBe(ready.strategy)
    const why = 'version two had 10 faults within a minute, the last: pick threw: boom'
    expect(live.facts()).toMatchObject({ version: 'one', revertedBecause: why, faults: 10, swaps: 2 })
    expect(events.at(-1)).toEqual({ kind: 'strategy-reverted', detail: `version one is back: ${why}` })
  })

  test('does not mind a fault now and then', async () => {
    const { live, fail, clock, kinds } = await living()
    live.take(await readyOf('two'))
    for (let minute = 0; minute < 20; minute += 1) {
      fail(9)
      clock.advance(60_001)
    }
    expect(kinds()).not.toContain('strategy-reverted')
  })

  test('minds ten faults within any minute, whenever that began', async () => {
    const { live, fail, clock, kinds } = await living()
    live.take(await readyOf('two'))
    fail(1)
    clock.advance(59_000)
    fail(8)
    clock.advance(2000)
    fail(1)
    expect(kinds()).not.toContain('strategy-reverted')
    fail(1)
    expect(kinds()).toContain('strategy-reverted')
  })

  test('goes back at once from a version that is too slow, and says how slow', async () => {
    const { live, ready, asked, events } = await living()
    live.take(await readyOf('two'))
    live.onSlow(2.345)
    expect(asked()).toBe(ready.strategy)
    expect(events.slice(1)).toEqual([
      { kind: 'strategy-fault', detail: 'took 2.3 ms for a request, more than 0.1 ms' },
      {
        kind: 'strategy-reverted',
        detail: 'version one is back: version two took 2.3 ms for a request, more than 0.1 ms',
      },
    ])
    expect(live.facts()).toMatchObject({ version: 'one', faults: 1 })
  })

  test('stays with what came back until the file is another', async () => {
    const { live, fail, save } = await living()
    const two = loadedOf('two')
    save(two)
    live.take((await live.prepare('/mine.ts', undefined))!)
    fail(10)
    expect(await live.prepare('/mine.ts', undefined)).toBeUndefined()
    save(loadedOf('three'))
    live.take((await live.prepare('/mine.ts', undefined))!)
    expect(live.facts()).toMatchObject({ version: 'three', revertedBecause: undefined })
    fail(10)
    expect(live.facts().version).toBe('one')
  })

  test('goes back to the options of before, too', async () => {
    const { live, fail, asked, ready } = await living()
    live.take((await live.prepare('/mine.ts', { a: 1 }))!)
    fail(10)
    expect(asked()).toBe(ready.strategy)
    expect(live.facts().revertedBecause).toContain('10 faults')
  })

  test('names the files of both, so that mending is noticed', async () => {
    const { live, fail } = await living()
    live.take(await readyOf('two'))
    fail(10)
    expect(live.files()).toEqual(['/mine.ts', '/two.ts', '/one.ts'])
  })

  test('puts the shipped default in where there is no version before', async () => {
    const { live, fail, events, asked, ready } = await living()
    fail(10)
    expect(asked()).toBe(ready.standIn!.strategy)
    expect(live.facts()).toMatchObject({ name: 'expected-delay', file: '/expected-delay.ts', faults: 10 })
    expect(events.at(-1)).toEqual({
      kind: 'strategy-reverted',
      detail: 'expected-delay stands in: version one had 10 faults within a minute, the last: pick threw',
    })
    expect(await live.prepare('/mine.ts', undefined)).toBeUndefined()
    expect(live.files()).toContain('/mine.ts')
  })

  test('never goes back to what failed itself, but to the default', async () => {
    const { live, fail } = await living()
    live.take(await readyOf('two'))
    fail(10)
    expect(live.facts().version).toBe('one')
    fail(10)
    expect(live.facts()).toMatchObject({ name: 'expected-delay', faults: 20 })
    live.take(await readyOf('three'))
    expect(live.facts()).toMatchObject({ version: 'three', revertedBecause: undefined })
    fail(10)
    expect(live.facts().name).toBe('expected-delay')
  })

  test('goes on with the default when that fails too, for want of a better one', async () => {
    const { live, fail, asked, kinds, ready } = await living()
    fail(1000)
    expect(asked()).toBe(ready.standIn!.strategy)
    expect(live.facts()).toMatchObject({ name: 'expected-delay', faults: 1000 })
    expect(kinds().filter((kind) => kind === 'strategy-reverted')).toHaveLength(1)
    // What failed is not gone back to from what comes next.
    live.take(await readyOf('two'))
    fail(10)
    expect(asked()).not.toBe(ready.standIn!.strategy)
    expect(live.facts().name).toBe('expected-delay')
  })

  test('has nobody to go back to from a shipped strategy', async () => {
    const ready = await readyStrategy(
      hostOf(() => shippedDefault),
      'expected-delay',
      undefined,
    )
    expect(ready.standIn).toBeUndefined()
    const { live, fail, kinds } = running({ ready })
    fail(1000)
    // Slow is the machine, then.
    live.onSlow(1)
    expect(kinds()).not.toContain('strategy-reverted')
    expect(live.facts()).toMatchObject({ name: 'expected-delay', faults: 1000, revertedBecause: undefined })
  })

  test('puts the other one in for the default itself', async () => {
    const edited = { ...loadedOf('edited'), file: locateStrategy('expected-delay') }
    const roundRobin = { ...shippedDefault, plugin: { ...shippedDefault.plugin, name: 'round-robin' } }
    const shipped = (name: string): LoadedPlugin => (name === 'expected-delay' ? edited : roundRobin)
    const ready = await readyStrategy(
      hostOf(() => edited, shipped),
      '/edited',
      undefined,
    )
    expect(ready.standIn?.loaded).toBe(roundRobin)
  })

  test('serves without a stand-in when no shipped one can be used', async () => {
    const broken = (): never => {
      throw new Error('expected-delay.ts: Unexpected }')
    }
    const ready = await readyStrategy(
      hostOf(() => loadedOf('one'), broken),
      '/mine.ts',
      undefined,
    )
    expect(ready.standIn).toBeUndefined()
  })
})

describe('LiveStrategy after a version that hung the process', () => {
  const hung = loadedOf('one')
  const why = '/mine.ts: version one did not return from pick'
  const refusing = (): never => {
    throw new HungVersionError(why, hung)
  }

  async function restarted() {
    const living = running(await startingStrategy(hostOf(refusing), '/mine.ts', { a: 1 }))
    const load = living.host.load.bind(living.host)
    const known = { hangs: true }
    living.host.load = async (use, options) => (known.hangs && use === '/mine.ts' ? refusing() : load(use, options))
    return { ...living, known }
  }

  test('the default stands in, and says for what', async () => {
    const { live, events } = await restarted()
    expect(live.facts()).toMatchObject({
      name: 'expected-delay',
      file: '/expected-delay.ts',
      revertedBecause: why,
      faults: 0,
    })
    expect(events).toEqual([{ kind: 'strategy-reverted', detail: `expected-delay stands in: ${why}` }])
  })

  test('its file is waited for, and nothing is prepared while it stays', async () => {
    const { live } = await restarted()
    expect(live.files()).toEqual(['/mine.ts', '/one.ts', '/as shipped.ts'])
    expect(await live.prepare('/mine.ts', { a: 1 })).toBeUndefined()
    expect(live.facts().name).toBe('expected-delay')
  })

  test('other options do not make it any better', async () => {
    const { live } = await restarted()
    expect(await live.prepare('/mine.ts', { a: 2 }).catch(({ message }: Error) => message)).toBe(why)
  })

  test('a saved version is tried anew', async () => {
    const { live, save, known } = await restarted()
    save(loadedOf('two'))
    known.hangs = false
    live.take((await live.prepare('/mine.ts', { a: 1 }))!)
    expect(live.facts()).toMatchObject({ name: 'mine', version: 'two', revertedBecause: undefined })
  })

  test('nothing starts where no stand-in can be had', async () => {
    const broken = (): never => {
      throw new Error('expected-delay.ts: Unexpected }')
    }
    const starting = startingStrategy(hostOf(refusing, broken), '/mine.ts', undefined)
    expect(await starting.catch(({ message }: Error) => message)).toBe(why)
  })
})
