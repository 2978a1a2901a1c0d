import { describe, expect, test } from 'bun:test'
import type { Strategy } from '../../../core/strategy/strategy.ts'
import { first, living, loadedOf, readyOf, running, shippedReady } from '../../support/live-strategy.ts'

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

  test('reports the 1st, 10th, 100th fault and so on, no more', async () => {
    const { fail, events } = running({ ready: await shippedReady() })
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
