import { describe, expect, test } from 'bun:test'
import { LiveStrategy, type ReadyStrategy, readyStrategy, type StrategyEvent } from '../../../core/strategy/live.ts'
import type { LoadedPlugin, PluginHost } from '../../../core/strategy/host.ts'
import type { Strategy } from '../../../core/strategy/strategy.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const first: Strategy = { pick: (candidates) => candidates[0] }

function loadedOf(version: string, create: () => Strategy = () => ({ ...first }), name = 'mine'): LoadedPlugin {
  const plugin = { apiVersion: 1 as const, name, parse: (raw: unknown) => raw, create }
  return { plugin, file: '/mine.ts', version, files: ['/mine.ts', `/${version}.ts`] }
}

const readyOf = (version: string, create?: () => Strategy, name?: string): Promise<ReadyStrategy> => {
  const loaded = loadedOf(version, create, name)
  return readyStrategy({ load: () => Promise.resolve(loaded), failedFiles: () => [] }, '/mine.ts', undefined)
}

/** A pool that runs version `one`; `asked` is whom the balancer asks. */
async function living(create?: () => Strategy) {
  const clock = virtualClock()
  const events: StrategyEvent[] = []
  const ready = await readyOf('one', create)
  let asked = ready.strategy
  let file = ready.loaded
  const host: PluginHost = { load: () => Promise.resolve(file), failedFiles: () => [] }
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
    expect(live.facts()).toMatchObject({ name: 'mine', version: 'two', faults: 0, hasReverted: false })
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
      expect(live.facts()).toMatchObject({ version: 'one', hasReverted: true, faults: 10 })
      expect(events.at(-1)).toEqual({
        kind: 'strategy-reverted',
        detail: 'version one is back, two had 10 faults within a minute, the last: pick threw: boom',
      })
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

    test('stays with what came back until the file is another', async () => {
      const { live, fail, save } = await living()
      const two = loadedOf('two')
      save(two)
      live.take((await live.prepare('/mine.ts', undefined))!)
      fail(10)
      expect(await live.prepare('/mine.ts', undefined)).toBeUndefined()
      save(loadedOf('three'))
      live.take((await live.prepare('/mine.ts', undefined))!)
      expect(live.facts()).toMatchObject({ version: 'three', hasReverted: false })
      fail(10)
      expect(live.facts().version).toBe('one')
    })

    test('goes back to the options of before, too', async () => {
      const { live, fail, asked, ready } = await living()
      live.take((await live.prepare('/mine.ts', { a: 1 }))!)
      fail(10)
      expect(asked()).toBe(ready.strategy)
      expect(live.facts().hasReverted).toBeTrue()
    })

    test('names the files of both, so that mending is noticed', async () => {
      const { live, fail } = await living()
      live.take(await readyOf('two'))
      fail(10)
      expect(live.files()).toEqual(['/mine.ts', '/two.ts', '/one.ts'])
    })

    test('has nothing to go back to before the first swap', async () => {
      const { live, fail, kinds } = await living()
      fail(1000)
      expect(live.facts()).toMatchObject({ version: 'one', faults: 1000 })
      expect(kinds()).not.toContain('strategy-reverted')
    })

    test('never goes back to what failed itself', async () => {
      const { live, fail, kinds } = await living()
      fail(10)
      live.take(await readyOf('two'))
      fail(100)
      expect(live.facts().version).toBe('two')
      expect(kinds()).not.toContain('strategy-reverted')
    })

    test('goes back no further when the last good version fails too', async () => {
      const { live, fail } = await living()
      live.take(await readyOf('two'))
      live.take(await readyOf('three'))
      fail(10)
      fail(50)
      expect(live.facts()).toMatchObject({ version: 'two', faults: 60 })
    })
  })

  test('reports the 1st, 10th, 100th fault and so on, no more', async () => {
    const { fail, events } = await living()
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
