import { describe, expect, test } from 'bun:test'
import { inOrder } from '../../../core/admission/in-order.ts'
import { type LimitOwner, Limits } from '../../../core/limits/live.ts'
import type { KeyPart, LimitPolicy } from '../../../core/limits/policy.ts'
import { parseRate } from '../../../core/rate.ts'
import { type AskedOptions, makeRequest } from '../../support/asked.ts'
import { peerAt } from '../../support/peer-at.ts'

const common = { by: [{ kind: 'address' }] as readonly KeyPart[], report: false }
const rate = (text: string, burst: number, changes: Partial<LimitPolicy> = {}): LimitPolicy =>
  ({ kind: 'rate', name: 'rate', ...common, rate: parseRate(text)!, burst, ...changes }) as LimitPolicy
const inFlight = (most: number): LimitPolicy => ({ kind: 'in-flight', name: 'few', ...common, most })
const connections = (most: number): LimitPolicy => ({ kind: 'connections', name: 'open', ...common, most })

const route = (key: string, ...limits: LimitPolicy[]): LimitOwner => ({
  kind: 'route',
  key,
  name: `rule ${key}`,
  limits,
})
const pool = (...limits: LimitPolicy[]): LimitOwner => ({ kind: 'pool', key: 'web', name: 'web', limits })

function limiting() {
  const limits = new Limits(new Uint8Array(8), ({ key }) =>
    key === 'rich' ? { rate: undefined, burst: 9 } : undefined,
  )
  /** How many of 20 requests of that route get through. */
  const countIn = (owner: LimitOwner, of = pool(), options: AskedOptions = {}): number => {
    const { first, bySubject, atOnce } = limits.of(owner, of)
    const admission = inOrder([...first, ...bySubject, ...atOnce])
    const verdicts = Array.from({ length: 20 }, () => {
      const { asked, head } = makeRequest(options)
      return admission.admit(asked, head, 0).kind
    })
    return verdicts.filter((kind) => kind === 'admitted').length
  }
  return { limits, countIn }
}

describe('limits over reloads', () => {
  test('go on as used up as they were, where rule and name stay, whatever the rate becomes', () => {
    const { limits, countIn } = limiting()
    const before = route('a', rate('1/d', 5))
    limits.update([before], 0)
    expect(countIn(before)).toBe(5)
    const after = route('a', rate('2/h', 8))
    limits.update([after], 0)
    expect(countIn(after)).toBe(3)
    expect(limits.facts).toMatchObject([{ name: 'rate', keys: 1, counters: { refused: 32 } }])
  })

  test('begin anew where they are of another rule, name, kind or key', () => {
    const others: readonly LimitOwner[] = [
      route('b', rate('1/d', 5)),
      route('a', rate('1/d', 5, { name: 'other' })),
      route('a', rate('1/d', 5, { by: [{ kind: 'route' }] })),
      { ...route('a', rate('1/d', 5)), kind: 'pool' },
    ]
    for (const other of others) {
      const { limits, countIn } = limiting()
      const before = route('a', rate('1/d', 5))
      limits.update([before], 0)
      countIn(before)
      limits.update([other], 0)
      expect(countIn(other)).toBe(5)
      expect(limits.facts).toHaveLength(1)
    }
    const { limits, countIn } = limiting()
    limits.update([route('a', rate('1/d', 5))], 0)
    const bounded = route('a', { ...inFlight(7), name: 'rate' })
    limits.update([bounded], 0)
    expect(countIn(bounded)).toBe(7)
  })

  test('that are gone are forgotten', () => {
    const { limits, countIn } = limiting()
    const owner = route('a', rate('1/d', 5))
    for (const _ of [1, 2]) {
      limits.update([owner], 0)
      expect(countIn(owner)).toBe(5)
      limits.update([], 0)
      expect(limits.facts).toEqual([])
    }
  })

  test('count what is under way and open from before, with their new bounds', () => {
    const { limits, countIn } = limiting()
    const peer = peerAt('192.0.2.1')
    const before = route('a', inFlight(5), connections(2))
    limits.update([before], 0)
    expect(countIn(before, pool(), { peer })).toBe(5)
    const after = route('a', inFlight(8), connections(1))
    limits.update([after], 0)
    expect([countIn(after, pool(), { peer }), limits.facts.map(({ kind, keys }) => [kind, keys])]).toEqual([
      3,
      [
        ['in-flight', 1],
        ['connections', 1],
      ],
    ])
  })

  test('of two rules that are the same the first counts', () => {
    const { limits, countIn } = limiting()
    const first = route('a', rate('1/d', 5))
    limits.update([first, route('a', rate('1/d', 9))], 0)
    expect([limits.facts.length, countIn(first)]).toEqual([1, 5])
  })
})

describe('limits of a pool', () => {
  test('are shared by its routes, and stand beside those of each', () => {
    const { limits, countIn } = limiting()
    const whole = pool(rate('1/d', 8))
    const [a, b] = [route('a', rate('1/d', 5)), route('b', rate('1/d', 5))]
    limits.update([a, b, whole], 0)
    expect([countIn(a, whole), countIn(b, whole)]).toEqual([5, 3])
  })

  test('by route count each for itself', () => {
    const { limits, countIn } = limiting()
    const whole = pool(rate('1/d', 6, { by: [{ kind: 'route' }] }))
    limits.update([route('a'), route('b'), whole], 0)
    expect([countIn(route('a'), whole), countIn(route('b'), whole)]).toEqual([6, 6])
  })
})

test('limits by client are asked behind the others, and grant each what is his own', () => {
  const { limits, countIn } = limiting()
  const owner = route(
    'a',
    rate('1/d', 5, { by: [{ kind: 'route' }, { kind: 'client' }] }),
    rate('1/d', 50, { name: 'all' }),
  )
  limits.update([owner], 0)
  const { first, bySubject, atOnce } = limits.of(owner, pool())
  expect([first.length, bySubject.length, atOnce.length]).toEqual([1, 1, 0])
  expect([countIn(owner, pool(), { subject: 'rich' }), countIn(owner, pool(), { subject: 'poor' })]).toEqual([9, 5])
})

test('a route without limits has nobody to ask', () => {
  const { limits } = limiting()
  limits.update([], 0)
  expect(limits.of(route('a'), pool())).toEqual({ first: [], bySubject: [], atOnce: [] })
})
