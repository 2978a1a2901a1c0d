import { describe, expect, test } from 'bun:test'
import type { Verdict } from '../../../core/admission/admission.ts'
import type { Cancel } from '../../../core/clock.ts'
import { KeyHash } from '../../../core/limits/key-hash.ts'
import { KeyReader } from '../../../core/limits/key.ts'
import type { KeyPart, RatePolicy } from '../../../core/limits/policy.ts'
import { type OwnLimit, RateLimit, RateRule, rateLimits } from '../../../core/limits/rate-limit.ts'
import { SharedLimit } from '../../../core/limits/shared-limit.ts'
import { parseRate } from '../../../core/rate.ts'
import { type AskedOptions, makeRequest } from '../../support/asked.ts'
import { createFleet, inEvent } from '../../support/fleet.ts'

const hash = new KeyHash(new Uint8Array(8))

interface Written {
  readonly name: string
  readonly rate: string
  readonly burst: number
  readonly by?: KeyPart
  readonly report?: boolean
}

const policyOf = ({ name, rate, burst, by = { kind: 'address' }, report = false }: Written): RatePolicy => ({
  kind: 'rate',
  name,
  rate: parseRate(rate)!,
  burst,
  by: [by],
  report,
})

/** The limits of one route, asked at the times that a test says. */
function limiting(written: readonly Written[], own?: (subject: string) => OwnLimit | undefined) {
  const limits = written.map((one) => new RateLimit(policyOf(one), 0))
  const ownLimit = own && (({ key }: { readonly key: string }) => own(key))
  const rules = limits.map((limit) => new RateRule(limit, new KeyReader(limit.policy.by, 'route', hash), ownLimit))
  const admission = rateLimits(rules)
  const ask = (now = 0, request: AskedOptions = {}): Verdict => {
    const { asked, head } = makeRequest(request)
    return admission.admit(asked, head, now)
  }
  const countIn = (count: number, now = 0, request: AskedOptions = {}): number =>
    Array.from({ length: count }, () => ask(now, request).kind).filter((kind) => kind === 'admitted').length
  return { ask, countIn, limits }
}

/** What a client hears: status, Retry-After, lines. */
const told = (verdict: Verdict): readonly unknown[] =>
  verdict.kind === 'refused'
    ? [verdict.problem.status, verdict.problem.retryAfterSeconds, verdict.problem.lines]
    : verdict.kind === 'admitted'
      ? [200, undefined, verdict.pass?.responseLines]
      : []

describe('a rate limit', () => {
  test('lets through what it grants, tells how much is left, and refuses the rest until there is more', () => {
    const { ask } = limiting([{ name: 'few', rate: '10/m', burst: 2 }])
    const policy = 'RateLimit-Policy: "few";q=2;w=12\r\n'
    expect(told(ask())).toEqual([200, undefined, `${policy}RateLimit: "few";r=1;t=6\r\n`])
    expect(told(ask())).toEqual([200, undefined, `${policy}RateLimit: "few";r=0;t=6\r\n`])
    expect(told(ask(1500))).toEqual([429, 5, `${policy}RateLimit: "few";r=0;t=5\r\n`])
    expect(told(ask(6000))).toEqual([200, undefined, `${policy}RateLimit: "few";r=0;t=6\r\n`])
  })

  test('says which limit it was, counts it, and takes nothing for what it refuses', () => {
    const { ask, countIn, limits } = limiting([{ name: 'few', rate: '10/m', burst: 1 }])
    expect(countIn(1000)).toBe(1)
    const refused = ask()
    expect(refused).toMatchObject({ kind: 'refused', reason: 'rate' })
    expect(refused.kind === 'refused' && refused.problem.detail).toBe('the limit "few" is 10/m')
    expect([limits[0]!.counters.refused, limits[0]!.counters.reported]).toEqual([1000, 0])
    expect(countIn(9, 6000)).toBe(1)
  })

  test('is each address’s own', () => {
    const { countIn, limits } = limiting([{ name: 'few', rate: '1/d', burst: 3 }])
    expect([countIn(9), countIn(9, 0, { address: '192.0.2.2' }), countIn(9)]).toEqual([3, 3, 0])
    expect(limits[0]!.keys).toBe(2)
  })

  test('that only reports refuses nobody, counts whom it would have, and tells clients nothing', () => {
    const { countIn, ask, limits } = limiting([{ name: 'few', rate: '1/d', burst: 3, report: true }])
    expect([countIn(10), told(ask())]).toEqual([10, [200, undefined, undefined]])
    expect(limits[0]!.counters).toEqual({ refused: 0, reported: 8 })
  })

  test('that only reports counts as many as it would refuse, also of those that come too fast for long', () => {
    const { countIn, limits } = limiting([{ name: 'few', rate: '100/s', burst: 10, report: true }])
    for (let now = 1; now <= 10_000; now += 1) countIn(1, now)
    expect(limits[0]!.counters.reported).toBe(10_000 - 1009)
  })

  test('is held to whatever comes: at ten times its rate as many get through as at once its rate', () => {
    const { countIn } = limiting([{ name: 'few', rate: '100/s', burst: 100 }])
    let passed = countIn(1000)
    for (let now = 1; now <= 10_000; now += 1) passed += countIn(1, now, { address: '192.0.2.1' })
    expect(passed).toBe(1100)
  })
})

describe('several rate limits', () => {
  const two = [
    { name: 'second', rate: '5/s', burst: 5 },
    { name: 'all', rate: '12/m', burst: 12, by: { kind: 'route' } },
  ] as const

  test('let through what each of them grants', () => {
    const { countIn } = limiting(two)
    const other = { address: '192.0.2.2' }
    expect([countIn(9), countIn(9, 0, other), countIn(9, 1000), countIn(9, 1000, other)]).toEqual([5, 5, 2, 0])
  })

  test('take nothing from one where another refuses', () => {
    const { countIn, limits } = limiting(two)
    countIn(1000)
    expect(limits.map(({ counters }) => counters.refused)).toEqual([995, 0])
    expect(countIn(9, 0, { address: '192.0.2.2' })).toBe(5)
  })

  test('are all told, with how the strictest stands', () => {
    const { ask, countIn } = limiting(two)
    const policies = 'RateLimit-Policy: "second";q=5;w=1, "all";q=12;w=60\r\n'
    expect(told(ask())).toEqual([200, undefined, `${policies}RateLimit: "second";r=4;t=1\r\n`])
    countIn(4)
    countIn(5, 0, { address: '192.0.2.2' })
    expect(told(ask(0, { address: '192.0.2.3' }))).toEqual([200, undefined, `${policies}RateLimit: "all";r=1;t=5\r\n`])
  })

  test('that refuse together send a client away for the longest time of them', () => {
    const { ask, countIn, limits } = limiting([
      { name: 'second', rate: '1/s', burst: 1 },
      { name: 'hour', rate: '1/h', burst: 1 },
    ])
    countIn(1)
    expect(told(ask()).slice(0, 2)).toEqual([429, 3600])
    expect(limits.map(({ counters }) => counters.refused)).toEqual([0, 1])
  })

  test('count for those that report whom they would refuse, and hold to the others', () => {
    const { countIn, limits } = limiting([
      { name: 'try', rate: '1/d', burst: 2, report: true },
      { name: 'real', rate: '1/d', burst: 4 },
    ])
    expect(countIn(10)).toBe(4)
    expect(limits.map(({ counters }) => [counters.refused, counters.reported])).toEqual([
      [0, 8],
      [6, 0],
    ])
  })
})

describe('a rate limit by client', () => {
  const byClient = [{ name: 'plan', rate: '1/d', burst: 2, by: { kind: 'client' } }] as const

  test('grants a client what it has of its own, and others what it grants everybody', () => {
    const own: Record<string, OwnLimit> = {
      rich: { rate: parseRate('600/m')!, burst: 20 },
      rated: { rate: parseRate('5/s')!, burst: undefined },
      bursting: { rate: undefined, burst: 4 },
      plain: { rate: undefined, burst: undefined },
    }
    const { ask, countIn } = limiting(byClient, (key) => own[key])
    const passed = ['rich', 'rated', 'bursting', 'plain', 'stranger'].map((subject) => countIn(99, 0, { subject }))
    expect(passed).toEqual([20, 5, 4, 2, 2])
    expect([countIn(99, 1000, { subject: 'rich' }), countIn(99, 1000, { subject: 'plain' })]).toEqual([10, 0])
    const lines = 'RateLimit-Policy: "plan";q=20;w=2\r\nRateLimit: "plan";r=0;t=1\r\n'
    expect(told(ask(1000, { subject: 'rich' }))).toEqual([429, 1, lines])
  })

  test('goes by address for who is no client', () => {
    const { countIn } = limiting(byClient, () => undefined)
    expect([countIn(9), countIn(9, 0, { address: '192.0.2.2' }), countIn(9, 0, { subject: 'a' })]).toEqual([2, 2, 2])
  })

  test('follows what a client has of its own from one request to the next', () => {
    let own: OwnLimit = { rate: parseRate('1/d')!, burst: 1 }
    const { countIn } = limiting(byClient, () => own)
    expect(countIn(9, 0, { subject: 'a' })).toBe(1)
    own = { rate: parseRate('1/s')!, burst: 30 }
    expect(countIn(99, 0, { subject: 'a' })).toBe(0)
    expect(countIn(99, 3000, { subject: 'a' })).toBe(3)
  })
})

describe('rate limits of which some are shared', () => {
  /** Asked by one node, which has joined; what they decide is heard as soon as it is known. */
  async function sharing(written: readonly (Written & { readonly shared?: true })[]) {
    const { nodes, join, run, clock, redis } = createFleet({ nodes: 1, rate: '1/h', burst: 1 })
    await join()
    const [{ fleet }] = nodes as [(typeof nodes)[0]]
    const limits = written.map((one) => {
      const policy = policyOf(one)
      const shared = one.shared && new SharedLimit(one.name, policy, { fleet, clock, inEvent })
      return new RateLimit(policy, clock.now(), shared)
    })
    const admission = rateLimits(
      limits.map((limit) => new RateRule(limit, new KeyReader(limit.policy.by, 'route', hash), undefined)),
    )
    const heard: string[] = []
    const ask = (options: AskedOptions = {}): Cancel | undefined => {
      const { asked, head } = makeRequest(options)
      const client = { ...asked.client, readHead: () => makeRequest(options).head }
      const verdict = admission.admit({ ...asked, client, now: () => clock.now() }, head, clock.now())
      if (verdict.kind !== 'later') heard.push(verdict.kind)
      else return verdict.wait((next) => heard.push(`later ${next.kind}`))
    }
    return { ask, heard, run, limits, redis }
  }

  const shared = { name: 'all', rate: '1/h', burst: 2, shared: true } as const

  test('wait for the first answer, and decide by what is known then', async () => {
    const { ask, heard, run } = await sharing([shared])
    for (let left = 3; left > 0; left -= 1) ask()
    expect(heard).toEqual([])
    await run(3)
    expect(heard).toEqual(['later admitted', 'later admitted', 'later refused'])
    ask()
    ask({ address: '192.0.2.2' })
    await run(3)
    expect(heard.slice(3)).toEqual(['refused', 'later admitted'])
  })

  test('wait for all of them together, and take nothing from one where another refuses', async () => {
    const few = { name: 'few', rate: '1/h', burst: 1, shared: true } as const
    const { ask, heard, run, limits } = await sharing([shared, few])
    for (let left = 4; left > 0; left -= 1) ask()
    await run(3)
    expect(heard.toSorted()).toEqual(['later admitted', 'later refused', 'later refused', 'later refused'])
    expect(limits.map(({ counters }) => counters.refused)).toEqual([0, 3])
  })

  test('ask nobody where one of their own refuses', async () => {
    const { ask, heard, run, redis } = await sharing([
      { name: 'few', rate: '1/h', burst: 1 },
      { ...shared, burst: 9 },
    ])
    ask()
    await run(3)
    redis.commands.length = 0
    for (let left = 100; left > 0; left -= 1) ask({})
    await run(3)
    expect([heard.slice(0, 2), redis.commands]).toEqual([['later admitted', 'refused'], []])
  })

  test('that only report have nobody wait, and count whom they would refuse', async () => {
    const { ask, heard, run, limits } = await sharing([{ ...shared, report: true }])
    ask()
    await run(3)
    for (let left = 4; left > 0; left -= 1) {
      ask()
      await run(3)
    }
    expect(heard).toEqual(Array(5).fill('admitted'))
    expect(limits[0]!.counters).toEqual({ refused: 0, reported: 3 })
  })

  test('that only report count a request once beside one that it waits for', async () => {
    const trial = { name: 'trial', rate: '1/h', burst: 1, shared: true, report: true } as const
    const { ask, heard, run, limits, redis } = await sharing([{ ...shared, burst: 9 }, trial])
    for (let left = 3; left > 0; left -= 1) ask()
    await run(3)
    expect(heard).toEqual(Array(3).fill('later admitted'))
    expect(limits.map(({ counters }) => counters.reported)).toEqual([0, 2])
    await run(1500)
    expect(new Set(redis.lacks.map((lack) => Math.round(lack)))).toEqual(new Set([1, 3]))
  })

  test('tell nobody who has gone', async () => {
    const { ask, heard, run } = await sharing([shared])
    ask()?.()
    await run(60)
    expect(heard).toEqual([])
  })
})
