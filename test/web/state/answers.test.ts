import { describe, expect, test } from 'bun:test'
import { linesOf, treeOf } from '../../../web/state/config-tree.ts'
import { findExplanations, readExplanations } from '../../../web/state/explanations.ts'
import { planLines } from '../../../web/state/foresight.ts'
import { readGenerations, readReloads } from '../../../web/state/records.ts'
import { resourcePath } from '../../../web/state/resources.ts'
import { sampleExplanations } from '../../support/sample-page.ts'

/** What no balancer of ours sends. */
const strange: readonly unknown[] = [
  null,
  undefined,
  0,
  'x',
  true,
  [],
  [[]],
  {},
  { reloads: 7, generations: {}, explanations: 'x', changes: 1, problems: null },
  { reloads: [null, 7], generations: [[]], explanations: [null, { attempts: [null, { pick: 7 }], nobody: [] }] },
  { changes: [null], problems: ['x'], kept: [{}] },
]

describe('what the API answers', () => {
  test.each(strange.map((body) => [body] as const))('is not believed: %j breaks nothing', (body) => {
    readExplanations(body)
    readReloads(body)
    readGenerations(body)
    planLines({ kind: 'ok', body })
    expect(linesOf(treeOf(body), 'no such thing')).toEqual([])
  })

  test('has times of attempts that are told since each began, and shown since the request came', () => {
    const [first] = readExplanations(sampleExplanations).list
    expect(
      first?.attempts.map(({ startMs, readyMs, firstByteMs, endMs }) => [startMs, readyMs, firstByteMs, endMs]),
    ).toEqual([
      [0.1, 0.1 + 0.2, undefined, 0.1 + 40.9],
      [41.5, 41.5 + 0.2, 41.5 + 16.5, 41.5 + 19.7],
    ])
  })

  test('says together which strategies would have taken the same backend', () => {
    const [first] = readExplanations(sampleExplanations).list
    expect(first?.attempts[0]?.pick?.others).toEqual([
      { backend: 'localhost:8104', strategies: ['round-robin', 'random'] },
      { backend: 'localhost:8102', strategies: ['p2c'] },
    ])
  })

  test('says when it left candidates out', () => {
    const pick = { candidates: [{ backend: 'a' }], excluded: [], counts: { candidates: 40, excluded: 3 } }
    const [one] = readExplanations({ explanations: [{ attempts: [{ pick }] }] }).list
    expect(one?.attempts[0]?.pick?.omitted).toEqual({ candidates: 39, excluded: 3 })
  })

  test('is looked through for words', () => {
    const { list } = readExplanations(sampleExplanations)
    const found = (filter: string) => findExplanations(list, filter).map(({ id }) => id)
    expect([found(''), found('POST web'), found('LOCALHOST:8102'), found('nothing')]).toEqual([
      ['b1', 'b0'],
      ['b0'],
      ['b1'],
      [],
    ])
  })

  test.each([
    ['', 0, '/api/explain?last=50'],
    ['5xx', 0, '/api/explain?last=50&status=5xx'],
    ['none', 200, '/api/explain?last=50&status=none&slower=200ms'],
  ])('of status %j and %d ms is asked for at %s', (status, slowerMs, path) => {
    expect(resourcePath('explain', { status, slowerMs })).toBe(path)
  })
})

describe('what a reload would do', () => {
  test('is told line by line: changes with what they end, what stays, what is wrong where', () => {
    const body = {
      changes: [
        { key: 'listeners.web', text: 'removed', connections: 2, tunnels: 1 },
        { key: 'pools.web', text: 'strategy p2c -> random' },
      ],
      kept: ['api'],
      problems: [{ file: 'edge.json', line: 3, key: 'pools.api.retry', rule: 'must be an object' }],
    }
    expect(planLines({ kind: 'ok', body })).toEqual({
      kind: 'told',
      lines: [
        'listeners.web: removed (ends 2 connections and 1 tunnel)',
        'pools.web: strategy p2c -> random',
        'Stays as it is, for its problems: api.',
        'edge.json:3: pools.api.retry must be an object',
      ],
    })
    expect(planLines({ kind: 'ok', body: {} })).toEqual({ kind: 'told', lines: ['Nothing would change.'] })
    expect(planLines({ kind: 'unreachable', reason: 'away' })).toEqual({ kind: 'failed', reason: 'away' })
  })
})

describe('a configuration', () => {
  test('is searched by path and value, items of lists by their names', () => {
    const tree = treeOf({ pools: [{ name: 'web', retry: { attempts: 2 } }, 'plain'], off: null })
    const found = (filter: string) => linesOf(tree, filter).map(({ path, value }) => [path, value])
    expect(found('web attempts')).toEqual([['pools › web › retry › attempts', 2]])
    expect(found('PLAIN')).toEqual([['pools › 1', 'plain']])
    expect(found('off null')).toEqual([['off', null]])
  })

  test('of any size shows 500 lines at most', () => {
    expect(linesOf(treeOf(Array.from({ length: 100_000 }, () => 'x')), 'x')).toHaveLength(500)
  })
})
