import { describe, expect, test } from 'bun:test'
import { LiveStrategy, type ReadyStrategy, readyStrategy, type StrategyEvent } from '../../../core/strategy/live.ts'
import type { LoadedPlugin, PluginHost } from '../../../core/strategy/host.ts'
import type { Strategy } from '../../../core/strategy/strategy.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const first: Strategy = { pick: (candidates) => candidates[0] }

function loadedOf(version: string, create: () => Strategy = () => ({ ...first }), name = 'mine'): LoadedPlugin {
  const plugin = { apiVersion: 1 as const, name, parse: (raw: unknown) => raw, create }
  return { plugin, isShipped: false, file: '/mine.ts', version, files: ['/mine.ts', `/${version}.ts`] }
}

const p2c: LoadedPlugin = { ...loadedOf('as shipped', undefined, 'p2c'), file: '/p2c.ts', isShipped: true }

/** Loads what `file` says, and the shipped default. */
const hostOf = (file: () => LoadedPlugin, standIn: () => LoadedPlugin = () => p2c): PluginHost => ({
  load: async (use) => (use === 'p2c' ? standIn() : file()),
  failedFiles: () => [],
})

const readyOf = (version: string, create?: () => Strategy, name?: string): Promise<ReadyStrategy> =>
  readyStrategy(
    hostOf(() => loadedOf(version, create, name)),
    '/mine.ts',
    undefined,
  )

/** A pool that runs `ready`; `asked` is whom the balancer asks. */
function running(ready: ReadyStrategy) {
  const clock = virtualClock()
  const events: StrategyEvent[] = []
  let asked = ready.strategy
  let file = ready.loaded
  const host = hostOf(() => file)
  const balancer = { swap: (strategy: Strategy) => void (asked = strategy), nsPerPick: 120 }
  const live = new LiveStrategy({ ready, balancer, host, clock, onEvent: (event) => events.push(event) })
  return {
    live,
    clock,
    events,
    ready,
    asked: () => asked,
    save: (loaded: LoadedPlugin) => void (file = loaded),
    fail: (times: number, what = 'pick threw', error?: unknown) => {
      for (let index = 0; index < times; index += 1) live.onFault(what, error)
    },
    kinds: () => events.map(({ kind }) => kind),
  }
}

/** A pool that runs version `one` of a user's file. */
const living = async (create?: () => Strategy) => running(await readyOf('one', create))

describe('LiveStrategy', () => {
  test('has nothing to prepare while file and options stay', async () => {
    const { live } = await living()
    expect(await live.prepare('/mine.ts', undefined)).toBeUndefined()
  })

  test('prepares another version of the file, and other options', async () => {
    const { live, save } = await living()
    expect(await live.prepare('/mine.ts', { a: 1 })).toMatchObject({ options: { a: 1 } })
    save(loadedOf('two'))
    expect((await live.prepare('/mine.ts', undefined))?.loaded.version).toBe('two')
  })

  test('asks the new one once it is taken, and says so', async () => {
    const { live, asked, events } = await living()
    const two = await readyOf('two')
    live.take(two)
    expect(asked()).toBe(two.strategy)
    expect(events).toEqual([{ kind: 'strategy-swapped', detail: 'version two is live' }])
    expect(live.facts()).toMatchObject({
      name: 'mine',
      version: 'two',
      faults: 0,
      swaps: 1,
      revertedBecause: undefined,
    })
  })

  describe('handing over', () => {
    const keeping =
      (state: unknown, imported: unknown[] = []) =>
      (): Strategy => ({
        ...first,
        export: () => state,
        import: (given) => void imported.push(given),
      })

    test('gives the state to a successor of the same name, as it is', async () => {
      const state = new WeakMap()
      const { live } = await living(keeping(state))
      const imported: unknown[] = []
      live.take(await readyOf('two', keeping(undefined, imported)))
      expect(imported).toEqual([state])
      expect(imported[0]).toBe(state)
    })

    test('gives nothing to another plugin, nor where one side offers nothing', async () => {
      const imported: unknown[] = []
      const successor = keeping(1, imported)
      const withExport = await living(keeping(1))
      withExport.live.take(await readyOf('two', successor, 'other'))
      const without = await living()
      without.live.take(await readyOf('two', successor))
      expect(imported).toEqual([])
    })

    test('starts empty, with a fault, when import throws', async () => {
      let made = 0
      const { live, asked, events } = await living(keeping(1))
      const create = (): Strategy & { number: number } => ({
        ...first,
        number: (made += 1),
        import() {
          throw new Error('what is this?')
        },
      })
      live.take(await readyOf('two', create))
      expect(asked()).toMatchObject({ number: 2 })
      expect(events.map(({ kind }) => kind)).toEqual(['strategy-swapped', 'strategy-fault'])
      expect(live.facts()).toMatchObject({ faults: 1, lastFault: 'handing over threw: what is this?' })
    })

    test('starts empty when export throws', async () => {
      const { live, asked } = await living(() => ({
        ...first,
        export() {
          throw new Error('no')
        },
      }))
      const two = await readyOf('two', keeping(1))
      live.take(two)
      expect(asked()).toBe(two.spare)
      expect(live.facts().faults).toBe(1)
    })
  })

  describe('going back', () => {
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
      expect(live.facts()).toMatchObject({ name: 'p2c', file: '/p2c.ts', faults: 10 })
      expect(events.at(-1)).toEqual({
        kind: 'strategy-reverted',
        detail: 'p2c stands in: version one had 10 faults within a minute, the last: pick threw',
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
      expect(live.facts()).toMatchObject({ name: 'p2c', faults: 20 })
      live.take(await readyOf('three'))
      expect(live.facts()).toMatchObject({ version: 'three', revertedBecause: undefined })
      fail(10)
      expect(live.facts().name).toBe('p2c')
    })

    test('goes on with the default when that fails too, for want of a better one', async () => {
      const { live, fail, asked, kinds, ready } = await living()
      fail(1000)
      expect(asked()).toBe(ready.standIn!.strategy)
      expect(live.facts()).toMatchObject({ name: 'p2c', faults: 1000 })
      expect(kinds().filter((kind) => kind === 'strategy-reverted')).toHaveLength(1)
      // What failed is not gone back to from what comes next.
      live.take(await readyOf('two'))
      fail(10)
      expect(asked()).not.toBe(ready.standIn!.strategy)
      expect(live.facts().name).toBe('p2c')
    })

    test('has nobody to go back to from a shipped strategy', async () => {
      const ready = await readyStrategy(
        hostOf(() => p2c),
        'p2c',
        undefined,
      )
      expect(ready.standIn).toBeUndefined()
      const { live, fail, kinds } = running(ready)
      fail(1000)
      live.onSlow(1)
      expect(kinds()).not.toContain('strategy-reverted')
      expect(live.facts()).toMatchObject({ name: 'p2c', faults: 1001, revertedBecause: undefined })
    })

    test('serves without a stand-in when the default cannot be used', async () => {
      const broken = (): never => {
        throw new Error('p2c.ts: Unexpected }')
      }
      const ready = await readyStrategy(
        hostOf(() => loadedOf('one'), broken),
        '/mine.ts',
        undefined,
      )
      expect(ready.standIn).toBeUndefined()
    })
  })

  test('reports the 1st, 10th, 100th fault and so on, no more', async () => {
    const { fail, events } = running(
      await readyStrategy(
        hostOf(() => p2c),
        'p2c',
        undefined,
      ),
    )
    fail(12_345, 'pick threw', 'boom')
    expect(events.map(({ detail }) => detail)).toEqual([
      'pick threw: boom',
      'pick threw: boom (10 faults by now)',
      'pick threw: boom (100 faults by now)',
      'pick threw: boom (1000 faults by now)',
      'pick threw: boom (10000 faults by now)',
    ])
  })

  test('says where in the file a fault is', async () => {
    const { fail, events } = await living()
    fail(1, 'pick threw', new Error('boom'))
    expect(events[0]?.detail).toMatch(/live\.test\.ts:\d+:\d+: pick threw: boom$/)
  })

  test('makes no spare where none is needed', async () => {
    let made = 0
    const ready = await readyOf('one', () => {
      made += 1
      return { ...first }
    })
    expect(made).toBe(1)
    expect(ready.spare).toBe(ready.strategy)
  })
})
