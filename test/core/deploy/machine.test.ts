import { describe, expect, test } from 'bun:test'
import { readCriteria } from '../../../core/deploy/criteria.ts'
import {
  after,
  type CanaryPlan,
  type Facts,
  isOver,
  look,
  type Phase,
  type Step,
} from '../../../core/deploy/machine.ts'
import { NO_FIGURES } from '../../../core/deploy/sides.ts'
import { deployPhases } from '../../../core/report/view.ts'

const steps: readonly Step[] = ['try', 'switch', 'switched', 'drained', 'late', 'lost', 'worse', 'refused', 'abort']

describe('the table of a deploy', () => {
  /** All that happens; what is not here must not. */
  const rows: readonly (readonly [Phase, Step, Phase])[] = [
    ['waiting', 'try', 'canary'],
    ['waiting', 'switch', 'switching'],
    ['waiting', 'late', 'failed'],
    ['waiting', 'lost', 'failed'],
    ['waiting', 'abort', 'aborted'],
    ['canary', 'switch', 'switching'],
    ['canary', 'worse', 'rolled-back'],
    ['canary', 'lost', 'failed'],
    ['canary', 'abort', 'aborted'],
    ['switching', 'switched', 'draining'],
    ['switching', 'refused', 'failed'],
    ['draining', 'drained', 'done'],
  ]

  test.each(rows)('leads from %s by %s to %s', (phase, step, next) => {
    expect(after(phase, step)).toBe(next)
  })

  test('leads nowhere else', () => {
    const all = deployPhases.flatMap((phase) => steps.map((step) => [phase, step, after(phase, step)] as const))
    expect(all.filter(([, , next]) => next !== undefined)).toHaveLength(rows.length)
  })

  test('has four ends', () => {
    expect(deployPhases.filter(isOver)).toEqual(['done', 'failed', 'rolled-back', 'aborted'])
  })
})

const read = readCriteria('errors<1%,p99<1.2x')
const canary: CanaryPlan = {
  share: 0.05,
  forMs: 300_000,
  criteria: read.kind === 'criteria' ? read.criteria : [],
  minRequests: 100,
}
const member = (health: string, why?: string) => ({ id: 'b:80', health, why })
const side = (requests: number, errors: number, p99: number) => ({ ...NO_FIGURES, requests, errors, p99 })
const good = side(1000, 0, 10)

const facts = (changes: Partial<Facts>): Facts => ({
  elapsedMs: 0,
  timeoutMs: 60_000,
  canary: undefined,
  members: [member('healthy')],
  fresh: NO_FIGURES,
  old: NO_FIGURES,
  leftOver: 0,
  drainMs: 30_000,
  ...changes,
})

describe('a look', () => {
  const rows: readonly (readonly [string, Phase, Partial<Facts>, Step | undefined, string])[] = [
    ['one is not healthy yet', 'waiting', { members: [member('unchecked')] }, undefined, ''],
    ['all are healthy', 'waiting', {}, 'switch', 'the new members are healthy'],
    ['all are healthy, to be tried out', 'waiting', { canary }, 'try', 'get 5 % of the requests'],
    [
      'time is up',
      'waiting',
      { members: [member('healthy'), member('unhealthy', 'refused')], elapsedMs: 60_000 },
      'late',
      'not healthy within 60 s: b:80 is unhealthy: refused',
    ],
    ['time is up, and all are healthy', 'waiting', { elapsedMs: 60_000 }, 'switch', 'healthy'],
    ['the pool is gone', 'waiting', { members: undefined }, 'lost', 'configured no more'],
    ['a member is gone', 'waiting', { members: [member('gone')] }, 'lost', 'somebody has removed b:80'],
    ['it goes well', 'canary', { canary, fresh: good, old: good, elapsedMs: 299_999 }, undefined, ''],
    ['it went well', 'canary', { canary, fresh: good, old: good, elapsedMs: 300_000 }, 'switch', 'of 1000 requests'],
    [
      'errors at the end',
      'canary',
      { canary, fresh: side(1000, 10, 10), old: good, elapsedMs: 300_000 },
      'worse',
      'errors 1 %, not <1%',
    ],
    [
      'slow at the end',
      'canary',
      { canary, fresh: side(1000, 0, 13), old: good, elapsedMs: 300_000 },
      'worse',
      'p99 13 ms, not <1.2x (old: 10 ms)',
    ],
    ['errors beyond doubt', 'canary', { canary, fresh: side(100, 50, 10), old: good }, 'worse', 'beyond doubt'],
    ['slow at the beginning', 'canary', { canary, fresh: side(1000, 0, 99), old: good }, undefined, ''],
    [
      'too few requests at the new members',
      'canary',
      { canary, fresh: side(99, 0, 10), old: good, elapsedMs: 300_000 },
      'worse',
      'too few requests to judge by: the new members have had 99, at least 100',
    ],
    [
      'just enough requests',
      'canary',
      { canary, fresh: side(100, 0, 10), old: side(100, 0, 10), elapsedMs: 300_000 },
      'switch',
      'of 100 requests',
    ],
    [
      'too few requests at the old ones',
      'canary',
      { canary, fresh: good, old: side(3, 0, 10), elapsedMs: 300_000 },
      'worse',
      'the old ones have had 3',
    ],
    [
      'a new member is unhealthy',
      'canary',
      { canary, members: [member('unhealthy', 'ejected')], fresh: good, old: good },
      'worse',
      'b:80 is unhealthy: ejected',
    ],
    ['the pool is gone while they are tried', 'canary', { canary, members: undefined }, 'lost', 'configured no more'],
    ['the file is being written', 'switching', { members: undefined, elapsedMs: 1e9 }, undefined, ''],
    ['the old ones are at work', 'draining', { leftOver: 2 }, undefined, ''],
    ['the old ones have finished', 'draining', {}, 'drained', 'have finished'],
    [
      'the old ones hang',
      'draining',
      { leftOver: 2, elapsedMs: 30_000 },
      'drained',
      '2 requests of the old ones outlasted',
    ],
    ['it is done', 'done', { members: undefined }, undefined, ''],
  ]

  test.each(rows)('finds: %s', (_, phase, changes, step, words) => {
    const move = look(phase, facts(changes))
    expect(move?.step).toBe(step)
    expect(move?.why ?? '').toContain(words)
  })

  test('does not ask for the old ones where nothing is relative to them', () => {
    const absolute = readCriteria('errors<1%')
    const criteria = absolute.kind === 'criteria' ? absolute.criteria : []
    const move = look('canary', facts({ canary: { ...canary, criteria }, fresh: good, elapsedMs: 300_000 }))
    expect(move?.step).toBe('switch')
  })
})
