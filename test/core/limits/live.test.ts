import { describe, expect, test } from 'bun:test'
import { inOrder } from '../../../core/admission/in-order.ts'
import { type LimitOwner, Limits } from '../../../core/limits/live.ts'
import type { KeyPart, LimitPolicy } from '../../../core/limits/policy.ts'
import { parseRate } from '../../../core/rate.ts'
import { type AskedOptions, makeRequest } from '../../support/asked.ts'
import { createFleet, inEvent } from '../../support/fleet.ts'
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

describe('shared limits', () => {
  /** Two nodes that have joined, each with limits of its own. */
  async function sharing() {
    const { nodes, join, run, clock } = createFleet({ nodes: 2 })
    await join()
    const limits = nodes.map(
      ({ fleet }, index) => new Limits(new Uint8Array(8).fill(index), undefined, { fleet, clock, inEvent }),
    )
    const update = (node: number, ...owners: LimitOwner[]): void => limits[node]!.update(owners, clock.now())
    /** How many of ten requests to one of them get through. */
    const countIn = async (node: number, owner: LimitOwner): Promise<number> => {
      const admission = inOrder([...limits[node]!.of(owner, pool()).first])
      const { asked, head } = makeRequest()
      const heard: string[] = []
      const client = { ...asked.client, readHead: () => head }
      for (let left = 10; left > 0; left -= 1) {
        const verdict = admission.admit({ ...asked, client, now: () => clock.now() }, head, clock.now())
        if (verdict.kind === 'later') verdict.wait(({ kind }) => heard.push(kind))
        else heard.push(verdict.kind)
        await run(3)
      }
      return heard.filter((kind) => kind === 'admitted').length
    }
    return { update, countIn, nodes, run }
  }

  const shared = (burst: number, changes: Partial<LimitPolicy> = {}) => rate('1/d', burst, { shared: true, ...changes })

  test.each([[[{ kind: 'address' }]], [[{ kind: 'route' }]]] as const)(
    'are one for all nodes, whatever each knows the rule by: %j',
    async (by) => {
      const { update, countIn } = await sharing()
      const [one, two] = ['x', 'y'].map((key) => ({ ...route(key, shared(6, { by })), name: 'GET /a' })) as [
        LimitOwner,
        LimitOwner,
      ]
      update(0, one)
      update(1, two)
      expect([await countIn(0, one), await countIn(1, two)]).toEqual([6, 0])
    },
  )

  test('are others for another rule or another name', async () => {
    const { update, countIn } = await sharing()
    const one = route('a', shared(6))
    const others = [route('b', shared(6)), route('a', shared(6, { name: 'other' })), { ...one, kind: 'pool' } as const]
    update(0, one)
    expect(await countIn(0, one)).toBe(6)
    for (const other of others) {
      update(1, other)
      expect(await countIn(1, other)).toBe(6)
    }
  })

  test('go on over reloads, and begin anew where they become each node’s own, or are that no more', async () => {
    const { update, countIn } = await sharing()
    const one = route('a', shared(6))
    update(0, one)
    expect(await countIn(0, one)).toBe(6)
    const more = route('a', shared(8))
    update(0, more)
    expect(await countIn(0, more)).toBe(2)
    const own = route('a', rate('1/d', 6))
    update(0, own)
    expect(await countIn(0, own)).toBe(6)
    update(0, one)
    expect(await countIn(0, one)).toBe(0)
  })

  test('that are gone give back what they had leased', async () => {
    const { update, countIn, nodes, run } = await sharing()
    const one = route('a', shared(100))
    update(0, one)
    expect(await countIn(0, one)).toBe(10)
    update(0)
    await run(5)
    nodes[0]!.fleet.update(undefined)
    update(1, one)
    const counts: number[] = []
    for (let round = 0; round < 10; round += 1) counts.push(await countIn(1, one))
    expect(counts).toEqual([...Array(9).fill(10), 0])
  })
})
