import { describe, expect, test } from 'bun:test'
import { type Criterion, isBeyondDoubt, judge, readCriteria, type SideFigures } from '../../../core/deploy/criteria.ts'

const side = (facts: Partial<SideFigures> = {}): SideFigures => ({
  requests: 1000,
  errors: 0,
  p50: 5,
  p90: 8,
  p95: 9,
  p99: 10,
  ...facts,
})

const one = (text: string): Criterion => {
  const read = readCriteria(text)
  const [criterion] = read.kind === 'criteria' ? read.criteria : []
  if (criterion === undefined) throw new Error(`${text} is none`)
  return criterion
}

describe('criteria', () => {
  test.each([
    ['errors<1%', 'errors', 'ratio', 0.01],
    [' errors < 0.5% ', 'errors', 'ratio', 0.005],
    ['errors<100%', 'errors', 'ratio', 1],
    ['errors<2x', 'errors', 'times', 2],
    ['p99<1.2x', 'p99', 'times', 1.2],
    ['p50<200ms', 'p50', 'ms', 200],
    ['p95<1.5s', 'p95', 'ms', 1500],
  ])('are read: %s', (text, figure, kind, below) => {
    expect(one(text)).toMatchObject({ figure, bound: { kind, below } })
  })

  test('are several, in their order', () => {
    expect(readCriteria('errors<1%, p99<1.2x')).toMatchObject({
      criteria: [{ text: 'errors<1%' }, { text: 'p99<1.2x' }],
    })
  })

  test.each([
    '',
    ',',
    'errors<1%,',
    'errors',
    'errors>1%',
    'errors<=1%',
    'errors<0%',
    'errors<101%',
    'errors<200ms',
    'p99<5%',
    'p99<0x',
    'p99<0ms',
    'p99<-1x',
    'p99<1e9x',
    'p999<1.2x',
    'latency<1.2x',
    'p99<1.2',
    'p99<NaNx',
    'p99<1.2x;errors<1%',
    'toString<1%',
    'x'.repeat(100_000),
    `${'1'.repeat(5000)}<1x`,
    Array.from({ length: 11 }, () => 'p99<1.2x').join(),
  ])('are no such text: %#', (text) => {
    expect(readCriteria(text).kind).toBe('fault')
  })
})

describe('a judgement', () => {
  test.each([
    ['errors<1%', side({ errors: 9 }), side(), true],
    ['errors<1%', side({ errors: 10 }), side(), false],
    ['errors<2x', side({ errors: 19 }), side({ errors: 10 }), true],
    ['errors<2x', side({ errors: 20 }), side({ errors: 10 }), false],
    ['errors<2x', side(), side(), true],
    ['errors<2x', side({ errors: 1 }), side(), false],
    ['p99<1.2x', side({ p99: 11.9 }), side(), true],
    ['p99<1.2x', side({ p99: 12 }), side(), false],
    ['p50<5ms', side(), side(), false],
    ['p50<6ms', side(), side(), true],
    // Nobody was answered: nothing is shown.
    ['p99<1.2x', side({ p99: Number.NaN }), side(), false],
    ['p99<1.2x', side(), side({ p99: Number.NaN }), false],
  ])('of %s', (text, fresh, old, holds) => {
    expect(judge(one(text), fresh, old).holds).toBe(holds)
  })

  test('says what came of it', () => {
    const words = (text: string, fresh: SideFigures) => judge(one(text), fresh, side()).words
    expect(words('p99<1.2x', side({ p99: 24 }))).toBe('p99 24 ms, not <1.2x (old: 10 ms)')
    expect(words('errors<1%', side({ errors: 3 }))).toBe('errors 0.3 %, <1%')
  })
})

describe('doubt', () => {
  test.each([
    // All of 19 say less than 20 do.
    [19, 19, false],
    [20, 20, true],
    [100, 2, false],
    [100, 3, false],
    [100, 5, true],
    [10_000, 120, false],
    [10_000, 150, true],
  ])('of %i requests, %i of them errors', (requests, errors, isBeyond) => {
    expect(isBeyondDoubt(one('errors<1%'), side({ requests, errors }), side())).toBe(isBeyond)
  })

  test('is given to those whose peers have had no error yet, and to latencies always', () => {
    expect(isBeyondDoubt(one('errors<2x'), side({ requests: 100, errors: 1 }), side())).toBe(false)
    expect(isBeyondDoubt(one('errors<2x'), side({ requests: 100, errors: 30 }), side())).toBe(true)
    expect(isBeyondDoubt(one('p99<1.2x'), side({ p99: 1e6 }), side())).toBe(false)
  })
})
