import { apply } from '../../core/control/edge-control.ts'
import { describe, expect, test } from 'bun:test'
import { mkdir, rm } from 'node:fs/promises'
import { type PluginEdge, startPluginEdge } from '../support/plugin-edge.ts'
import { picking, pluginText } from '../support/strategy-files.ts'
import { turn } from '../support/raw-peer.ts'
import { Refusal } from '../../core/part.ts'

const askTimes = async (edge: PluginEdge, times: number): Promise<number[]> => {
  const answers: number[] = []
  for (let index = 0; index < times; index += 1) answers.push(await edge.ask())
  return answers
}

const kinds = ({ events }: PluginEdge): string[] =>
  events.map(({ kind }) => kind).filter((kind) => kind.startsWith('strategy'))

/** Sound wherever it is examined, and throws for the clients that a test has. */
const failingInTraffic = (how: string): string =>
  pluginText(`{
    pick(candidates: any, { client }: any) {
      if (client.address.startsWith('127.')) ${how}
      return candidates[0]
    },
  }`)

describe('a saved strategy file', () => {
  test('has the next request, and is loaded once', async () => {
    await using edge = await startPluginEdge(picking(0))
    expect(await askTimes(edge, 2)).toEqual([0, 0])
    await edge.files.write('main.ts', picking(2))
    expect(await askTimes(edge, 2)).toEqual([0, 0])
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(await askTimes(edge, 2)).toEqual([2, 2])
    expect(await edge.reload()).toEqual({ kind: 'unchanged' })
    expect(kinds(edge)).toEqual(['strategy-swapped'])
  })

  test('is live when only what it imports was saved', async () => {
    const text = pluginText('{ pick: (c: any) => c[at] ?? c[0] }', `import { at } from './lib/at.ts'`)
    await using edge = await startPluginEdge(picking(0))
    await edge.files.write('lib/at.ts', 'export const at = 1')
    await edge.files.write('main.ts', text)
    await edge.reload()
    expect(await edge.ask()).toBe(1)
    await edge.files.write('lib/at.ts', 'export const at = 2')
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(await edge.ask()).toBe(2)
    expect(edge.edge.control.files()).toEqual([edge.main, edge.files.path('lib/at.ts')])
  })

  test('changes nothing when it was saved as it was', async () => {
    await using edge = await startPluginEdge(picking(0))
    await edge.files.write('main.ts', picking(0))
    expect(await edge.reload()).toEqual({ kind: 'unchanged' })
    expect(kinds(edge)).toEqual([])
  })

  test('goes on with what its predecessor has learnt', async () => {
    const counting = (step: number): string =>
      pluginText(`(() => {
        let count = 0
        return {
          pick(candidates: any) {
            count += ${step}
            return candidates[count % candidates.length]
          },
          export: () => count,
          import(state: unknown) {
            count = Number(state)
          },
        }
      })()`)
    await using edge = await startPluginEdge(counting(1))
    expect(await askTimes(edge, 2)).toEqual([1, 2])
    await edge.files.write('main.ts', counting(4))
    await edge.reload()
    expect(await askTimes(edge, 2)).toEqual([6 % 3, 10 % 3])
  })

  test('tells status which version runs', async () => {
    await using edge = await startPluginEdge(picking(1))
    const before = edge.edge.status().pools[0]?.strategyVersion
    expect(before).toMatchObject({ name: 'mine', file: edge.main, faults: 0, reverted: false, pickNs: null })
    await edge.files.write('main.ts', picking(0))
    await edge.reload()
    const after = edge.edge.status().pools[0]?.strategyVersion
    expect(after).toMatchObject({ name: 'mine', reverted: false, revertedBecause: null })
    expect(after?.version).not.toBe(before?.version)
  })
})

describe('a strategy file that cannot be used', () => {
  const bad: readonly (readonly [what: string, text: string, message: string])[] = [
    ['has a syntax error', 'export default {', 'main.ts:1:'],
    ['is empty', '', 'main.ts: the default export must be'],
    ['imports what is missing', `import './absent.ts'`, 'main.ts: Cannot find module'],
    ['exports something else', 'export default 5', 'main.ts: the default export must be'],
    ['throws while loading', 'throw new Error("boom")', 'main.ts:1:11: threw while loading: boom'],
    [
      'throws in create',
      `export default { apiVersion: 1, name: 'x', parse() {}, create() { throw 'no' } }`,
      'main.ts: no',
    ],
    ['throws in pick', pluginText('{ pick() { throw new Error("no") } }'), 'main.ts:2:'],
    [
      'returns a stranger',
      pluginText('{ pick: (c: any) => ({ ...c[0] }) }'),
      'main.ts: pick returned a copy of a candidate',
    ],
    ['exits', 'process.exit(1)', 'main.ts: ended its thread'],
    ['is slow', pluginText('{ pick: (c: any) => (Bun.sleepSync(2), c[0]) }'), 'main.ts: it takes '],
    ['is huge', `//${'x'.repeat(1 << 20)}`, 'main.ts: must be at most'],
  ]

  test.each(bad)('leaves the last good version in place when it %s', async (_, text, message) => {
    await using edge = await startPluginEdge(picking(1))
    await edge.files.write('main.ts', text)
    const applied = await edge.reload()
    expect(applied).toMatchObject({ kind: 'unchanged', kept: [{ key: 'pools.web.strategy' }] })
    expect(applied.kind !== 'refused' && applied.kept?.[0]?.message).toContain(message)
    expect(await askTimes(edge, 2)).toEqual([1, 1])
    expect(edge.edge.control.files()).toContain(edge.main)
    await edge.files.write('main.ts', picking(2))
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(await edge.ask()).toBe(2)
  })

  test.each(['for (;;) {}', 'await new Promise(() => {})'])('is given up at the deadline: %s', async (text) => {
    await using edge = await startPluginEdge(picking(1))
    const timers = edge.clock.pending()
    await edge.files.write('main.ts', text)
    const reloading = edge.reload()
    while (edge.clock.pending() === timers) await turn()
    // While the worker hangs, traffic does not.
    expect(await edge.ask()).toBe(1)
    edge.clock.advance(2000)
    expect(await reloading).toMatchObject({ kind: 'unchanged', kept: [{ key: 'pools.web.strategy' }] })
    expect(await edge.ask()).toBe(1)
  })

  test('leaves the last good version in place when it is gone, or a folder', async () => {
    await using edge = await startPluginEdge(picking(1))
    await rm(edge.main)
    expect(await edge.reload()).toMatchObject({ kind: 'unchanged', kept: [{}] })
    await mkdir(edge.main)
    expect(await edge.reload()).toMatchObject({ kind: 'unchanged', kept: [{}] })
    expect(await edge.ask()).toBe(1)
    await rm(edge.main, { recursive: true })
  })

  test('holds back nothing else of its pool', async () => {
    await using edge = await startPluginEdge(picking(1))
    await edge.files.write('main.ts', 'oh no')
    const { control } = edge.edge
    const pools = control.config.pools.map((pool) => ({ ...pool, members: pool.members.slice(0, 1) }))
    expect(await apply(control, { ...control.config, pools })).toMatchObject({ kind: 'applied', kept: [{}] })
    expect(edge.edge.status().pools[0]?.backends).toHaveLength(1)
    expect(await edge.ask()).toBe(0)
  })

  test('is refused as a new choice, and waited for', async () => {
    await using edge = await startPluginEdge(picking(1))
    const use = await edge.files.write('next.ts', 'oh no')
    const next = edge.configWith({ use, options: undefined })
    expect(await apply(edge.edge.control, next)).toMatchObject({
      kind: 'refused',
      problems: [{ key: 'pools.web.strategy', message: expect.stringContaining('next.ts:1:') }],
    })
    expect(await edge.ask()).toBe(1)
    expect(edge.edge.control.files()).toEqual([edge.main, use])
    await edge.files.write('next.ts', picking(2))
    expect(await apply(edge.edge.control, next)).toEqual({ kind: 'applied' })
    expect(await edge.ask()).toBe(2)
    expect(edge.edge.control.files()).toEqual([use])
  })

  test('keeps an edge from starting, with the place', async () => {
    const refused = await startPluginEdge(bad[4]![1]).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Error).message).toMatch(/^pools\.web\.strategy: \/.*main\.ts:1:11: threw while loading: boom$/)
  })
})

describe('a strategy that fails in traffic', () => {
  test.each([
    ['throws', `throw new Error('boom')`],
    ['returns strangers', 'return {}'],
  ])('is taken back when it %s, and no request fails', async (_, how) => {
    await using edge = await startPluginEdge(picking(2))
    await edge.files.write('main.ts', failingInTraffic(how))
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(new Set(await askTimes(edge, 10)).size).toBeGreaterThan(1)
    expect(await askTimes(edge, 5)).toEqual([2, 2, 2, 2, 2])
    expect(kinds(edge)).toEqual(['strategy-swapped', 'strategy-fault', 'strategy-fault', 'strategy-reverted'])
    expect(edge.edge.status().pools[0]?.strategyVersion).toMatchObject({ reverted: true, faults: 10, name: 'mine' })
    expect(edge.edge.status().counters.responses).toMatchObject({ '2xx': 15, '5xx': 0 })
  })

  test('stays away until its file is another', async () => {
    await using edge = await startPluginEdge(picking(2))
    await edge.files.write('main.ts', failingInTraffic('throw 1'))
    await edge.reload()
    await askTimes(edge, 10)
    expect(await edge.reload()).toEqual({ kind: 'unchanged' })
    expect(await edge.ask()).toBe(2)
    await edge.files.write('main.ts', picking(1))
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(await edge.ask()).toBe(1)
  })

  test('gives way to the shipped default where there is no version before', async () => {
    await using edge = await startPluginEdge(failingInTraffic('throw new Error("boom")'))
    await askTimes(edge, 10)
    expect(new Set(await askTimes(edge, 30))).toEqual(new Set([0, 1, 2]))
    expect(kinds(edge)).toEqual(['strategy-fault', 'strategy-fault', 'strategy-reverted'])
    expect(edge.edge.status().pools[0]?.strategyVersion).toMatchObject({
      name: 'expected-delay',
      reverted: true,
      revertedBecause: expect.stringContaining('had 10 faults within a minute, the last: pick threw: boom'),
    })
    // Its file is still waited for.
    expect(edge.edge.control.files()).toContain(edge.main)
    await edge.files.write('main.ts', picking(2))
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    expect(await edge.ask()).toBe(2)
  })

  test('is taken back when it is slow there alone, and the next answer is quick', async () => {
    await using edge = await startPluginEdge(picking(2))
    // The edge of a test has a clock that stands still; the strategy moves it as a slow one would the real one.
    Object.assign(globalThis, { slowPick: () => edge.clock.advance(5) })
    await edge.files.write('main.ts', failingInTraffic('globalThis.slowPick()'))
    await edge.reload()
    expect(new Set(await askTimes(edge, 48))).toEqual(new Set([0]))
    expect(await edge.ask()).toBe(2)
    expect(edge.edge.status().pools[0]?.strategyVersion?.revertedBecause).toEndWith(
      'took 5.0 ms for a request, more than 0.1 ms',
    )
  })

  test('harms nobody by throwing from a timer', async () => {
    await using edge = await startPluginEdge(picking(1))
    const head = `setTimeout(() => { throw new Error('late') }, 0)`
    await edge.files.write('main.ts', pluginText('{ pick: (c: any) => c[2] ?? c[0] }', head))
    expect(await edge.reload()).toEqual({ kind: 'applied' })
    while (!edge.events.some(({ kind }) => kind === 'fault')) await turn()
    expect(await edge.ask()).toBe(2)
  })
})

describe('steady traffic', () => {
  // Twelve versions are examined, each in a thread of its own.
  test('loses no request to versions that come, fail and go', async () => {
    await using edge = await startPluginEdge(picking(0))
    const versions = [picking(1), 'oh no', failingInTraffic('throw 1'), '', picking(2), failingInTraffic('return null')]
    const traffic = { isOver: false, served: 0 }
    const client = async (): Promise<void> => {
      while (!traffic.isOver) {
        await edge.ask()
        traffic.served += 1
      }
    }
    const clients = Array.from({ length: 8 }, client)
    for (let round = 0; round < 2; round += 1) {
      for (const text of versions) {
        await edge.files.write('main.ts', `${text}\n// ${round}`)
        await edge.reload()
        const goal = traffic.served + 20
        while (traffic.served < goal) await turn()
      }
    }
    traffic.isOver = true
    await Promise.all(clients)
    const { counters, pools } = edge.edge.status()
    expect(counters.responses).toEqual({ '2xx': traffic.served, '3xx': 0, '4xx': 0, '5xx': 0 })
    expect(pools[0]?.backends.map(({ requests }) => requests > 0)).toEqual([true, true, true])
    expect(kinds(edge).filter((kind) => kind === 'strategy-swapped')).toHaveLength(8)
    expect(kinds(edge).filter((kind) => kind === 'strategy-reverted')).toHaveLength(4)
  }, 60_000)
})
