import { describe, expect, test } from 'bun:test'
import { examine, type ExamineOptions, refusalOf } from '../../../core/lab/examine.ts'
import type { StrategyCall } from '../../../core/strategy/call-marks.ts'
import { loadStrategy } from '../../../core/strategy/load.ts'
import type { Candidates, Strategy, StrategyPlugin } from '../../../core/strategy/strategy.ts'

const pluginOf = (create: () => Strategy): StrategyPlugin => ({
  apiVersion: 2,
  name: 'mine',
  parse: (raw) => raw,
  create,
})

function examined(plugin: StrategyPlugin, overrides: Partial<ExamineOptions> = {}) {
  const calls: StrategyCall[] = []
  const report = examine(plugin, {
    options: undefined,
    isFull: false,
    now: () => 0,
    onCall: (name) => calls.push(name),
    ...overrides,
  })
  return { report, calls, refusal: refusalOf('mine.ts', report) }
}

const first = pluginOf(() => ({ pick: (candidates) => candidates[0] }))

describe('examine', () => {
  test('finds no fault with a strategy that always takes the first', () => {
    const { report, refusal } = examined(first)
    expect(refusal).toBeUndefined()
    expect(report.checks.every(({ isVital, fault }) => isVital && fault === null)).toBeTrue()
    expect(report.spread).toEqual([])
  })

  test('tells its author, in full, what it does not do', () => {
    const { report, refusal } = examined(first, { isFull: true })
    expect(refusal).toBeUndefined()
    const faults = report.checks.filter(({ fault }) => fault !== null)
    expect(faults.map(({ name }) => name)).toContain('spreads requests by weight')
    expect(report.spread.map(({ share }) => share)).toEqual([1, 0, 0, 0])
  })

  test('tells what does not apply to a strategy that ignores weight, and promises no shares', () => {
    const { report, refusal } = examined({ ...first, ignoresWeight: 'the first wins' }, { isFull: true })
    expect(refusal).toBeUndefined()
    const exempt = report.checks.filter(({ exempt }) => exempt !== null)
    expect(exempt).toHaveLength(4)
    expect(exempt[0]).toEqual({
      name: 'spreads requests by weight',
      isVital: false,
      fault: null,
      at: null,
      isBug: false,
      exempt: 'the first wins',
    })
    expect(report.spread).toEqual([])
  })

  test('passes a shipped strategy in full, with its shares', async () => {
    const { report } = examined(await loadStrategy('round-robin'), { isFull: true })
    expect(report.checks.filter(({ fault }) => fault !== null)).toEqual([])
    for (const { share, expected } of report.spread) expect(share).toBeCloseTo(expected, 2)
  })

  test('points at what throws', () => {
    const { refusal } = examined(
      pluginOf(() => ({
        pick() {
          throw new Error('boom')
        },
      })),
    )
    expect(refusal).toMatch(/examine\.test\.ts:\d+:\d+: pick threw: boom$/)
  })

  test.each([
    ['a stranger', { pick: (): never => ({}) as never }, 'returned something that is not in the list'],
    ['the one that was tried', stubborn(), 'returned something that is not in the list'],
    ['a text thrown', { pick: (): never => thrown('no') }, 'mine.ts: pick threw: no'],
    [
      'a throwing hook',
      { pick: (c: Candidates) => c[0], onEnd: (): never => thrown('end') },
      'mine.ts: onEnd threw: end',
    ],
    [
      'a throwing import',
      { pick: (c: Candidates) => c[0], export: () => 1, import: () => thrown('imp') },
      'import threw: imp',
    ],
    ['a throwing export', { pick: (c: Candidates) => c[0], export: () => thrown('exp') }, 'export threw: exp'],
  ])('refuses %s', (_, strategy, reason) => {
    expect(examined(pluginOf(() => strategy)).refusal).toContain(reason)
  })

  test('says what hooks are given when one takes it for something else', () => {
    const takes = (bug: (given: { id: string }) => unknown) =>
      examined(pluginOf(() => ({ pick: (c: Candidates) => c[0], onStart: bug as () => void }))).refusal
    expect(takes((candidate) => candidate.id.length)).toMatch(/onStart threw: .* of apiVersion 2 are given the attempt/)
    expect(takes(() => thrown('no'))).not.toContain('apiVersion')
  })

  test('blames the file for a bug in parse', () => {
    const plugin = {
      ...first,
      parse: (raw: unknown) => (raw as { size: { value: number } }).size.value,
    }
    expect(examined(plugin).refusal).toMatch(/examine\.test\.ts:\d+:\d+: undefined is not an object/)
  })

  test('refuses options with what parse says', () => {
    const parse = (): never => thrown('size must be 1..9, got 10')
    expect(examined({ ...first, parse }).refusal).toBe('size must be 1..9, got 10')
  })

  test('hands the options to parse', () => {
    const seen: unknown[] = []
    examined({ ...first, parse: (raw) => seen.push(raw) }, { options: { size: 3 } })
    expect(new Set(seen)).toEqual(new Set([{ size: 3 }]))
  })

  test('refuses what takes more than 100 µs, and spends no more on it', () => {
    let nowMs = 0
    const slow = pluginOf(() => ({
      pick(candidates) {
        nowMs += 0.2
        return candidates[0]
      },
    }))
    const { report, refusal } = examined(slow, { isFull: true, now: () => nowMs })
    expect(refusal).toEndWith(': it takes 200 µs')
    expect(report.checks).toHaveLength(3)
  })

  test('tells of each call before it is made', () => {
    const { calls } = examined(pluginOf(() => ({ pick: (c) => c[0], export: () => 1, import: () => {} })))
    expect(calls.slice(0, 6)).toEqual(['parse', 'create', 'pick', 'onStart', 'onResponse', 'onEnd'])
    expect(calls).toContain('export')
    expect(calls).toContain('import')
  })

  test('can be sent from thread to thread', () => {
    const { report } = examined(first, { isFull: true })
    expect(structuredClone(report)).toEqual(report)
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })
})

/** Sticks to the first of six, also when a retry leaves it out. */
function stubborn(): Strategy {
  let chosen: Candidates[0] | undefined
  return {
    pick(candidates) {
      if (candidates.length === 6) chosen = candidates[0]
      return chosen ?? candidates[0]
    },
  }
}

function thrown(text: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- plugins may
  throw text
}
