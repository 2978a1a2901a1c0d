import { describe, expect, test } from 'bun:test'
import { checkConformance, conformanceChecks } from '../../../core/lab/conformance.ts'
import { fakeCandidate } from '../../../core/lab/fakes.ts'
import type { Strategy, StrategyPlugin } from '../../../core/strategy/strategy.ts'
import { readOptions } from '../../../core/strategy/strategy.ts'
import random from '../../../plugins/random.ts'

const pluginOf = (create: () => Strategy): StrategyPlugin => ({
  apiVersion: 2,
  name: 'mine',
  parse: (raw) => readOptions(raw, {}),
  create,
})

/** Names of the checks that find fault with it. */
const faults = (plugin: StrategyPlugin): string[] =>
  checkConformance(plugin)
    .filter(({ kind }) => kind === 'failed')
    .map(({ name }) => name)

describe('conformance', () => {
  test('finds nothing wrong with a sound strategy', () => {
    expect(checkConformance(random).map(({ kind }) => kind)).toEqual(conformanceChecks.map(() => 'passed'))
  })

  test('finds a strategy that always takes the first', () => {
    const found = faults(pluginOf(() => ({ pick: ([first]) => first })))
    expect(found).toContain('spreads requests by weight')
    expect(found).toContain('serves 10,000 backends')
  })

  test('finds a strategy that ignores weight', () => {
    const create = (): Strategy => ({
      pick: (candidates, { random }) => candidates[Math.floor(random() * candidates.length)] ?? candidates[0],
    })
    expect(faults(pluginOf(create))).toEqual([
      'spreads requests by weight',
      'spreads by weight among the rest when one has left',
      'follows a weight that changes while it runs',
      'gives a weight of 0.001 next to nothing and 1e6 nearly all',
    ])
  })

  test('finds a strategy that answers with a stranger', () => {
    expect(faults(pluginOf(() => ({ pick: () => fakeCandidate('192.0.2.9:80') })))).toContain(
      'picks the only candidate there is',
    )
  })

  test('finds a strategy that remembers its first array', () => {
    const create = (): Strategy => {
      const inner = random.create({})
      let kept: Parameters<Strategy['pick']>[0] | undefined
      return { pick: (candidates, context) => inner.pick((kept ??= candidates), context) }
    }
    const found = faults(pluginOf(create))
    expect(found).toContain('never returns a backend that a retry left out')
    expect(found).toContain('always picks a member of the list it is given')
  })

  test.each([
    ['the list', (all: { inflight: number }[]) => all.copyWithin(0, 1, 2)],
    ['a candidate', (all: { inflight: number }[]) => (all[0]!.inflight = 0)],
  ])('finds a strategy that writes to %s', (_, write) => {
    const create = (): Strategy => {
      const inner = random.create({})
      return {
        pick(candidates, context) {
          write(candidates as never)
          return inner.pick(candidates, context)
        },
      }
    }
    expect(faults(pluginOf(create))).toContain('writes nothing to the list and the candidates it is given')
  })

  test('finds chance that no seed replays', () => {
    let drift = 0
    const create = (): Strategy => ({
      pick: (candidates) => candidates[((drift += 7) % 11) % candidates.length] ?? candidates[0],
    })
    expect(faults(pluginOf(create))).toContain('replays the same picks from the same seed')
  })

  test('finds state that pools share', () => {
    const shared = random.create({})
    let turn = 0
    const strategy: Strategy = {
      pick: (candidates, context) => ((turn += 1) % 3 === 0 ? candidates[0] : shared.pick(candidates, context)),
    }
    expect(faults(pluginOf(() => strategy))).toContain('gives every pool a state of its own')
  })

  test('finds a hook that cannot bear a stranger', () => {
    const create = (): Strategy => ({
      ...random.create({}),
      onEnd() {
        throw new Error('who is this?')
      },
    })
    const found = checkConformance(pluginOf(create)).find(({ name }) => name === 'copes with hooks in odd order')
    expect(found).toEqual({ name: 'copes with hooks in odd order', kind: 'failed', reason: 'who is this?' })
  })

  test('finds a parse that takes anything', () => {
    const found = faults({ ...random, parse: () => ({}) })
    expect(found).toEqual(['refuses unknown options by name'])
  })

  test('does not ask for weight where a strategy says that it ranks by something else', () => {
    const plugin: StrategyPlugin = {
      ...pluginOf(() => ({ pick: ([first]) => first })),
      ignoresWeight: 'the fewest errors win',
    }
    const results = checkConformance(plugin)
    expect(results.filter(({ kind }) => kind === 'failed')).toEqual([])
    const skipped = results.filter(({ kind }) => kind === 'skipped')
    expect(skipped.map(({ name }) => name)).toEqual(
      conformanceChecks.filter(({ isByWeight }) => isByWeight).map(({ name }) => name),
    )
    expect(skipped[0]).toMatchObject({ reason: 'the fewest errors win' })
  })

  test('asks of such a strategy for all that requests need', () => {
    const create = (): Strategy => ({ pick: () => fakeCandidate('192.0.2.9:80') })
    const found = faults({ ...pluginOf(create), ignoresWeight: 'it knows better' })
    expect(found).toContain('picks the only candidate there is')
    expect(conformanceChecks.filter(({ isVital, isByWeight }) => isVital && isByWeight)).toEqual([])
  })

  test('replays a strategy that goes by the time of day', () => {
    const create = (): Strategy => ({
      pick: (candidates, { wallTime }) =>
        candidates[new Date(wallTime).getUTCSeconds() % candidates.length] ?? candidates[0],
    })
    const found = faults({ ...pluginOf(create), ignoresWeight: 'the second decides' })
    expect(found).toEqual([])
  })

  test('reports a skipped check with its reason', () => {
    const name = 'spreads requests by weight'
    const results = checkConformance(random, { skip: { [name]: 'it ranks by price' } })
    expect(results.find((result) => result.name === name)).toEqual({
      name,
      kind: 'skipped',
      reason: 'it ranks by price',
    })
  })
})
