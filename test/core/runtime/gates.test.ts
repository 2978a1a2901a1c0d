import { describe, expect, test } from 'bun:test'
import { type Admission, everybody, nobody } from '../../../core/admission/admission.ts'
import type { Config, RouteConfig } from '../../../core/config/config.ts'
import type { LimitPolicy } from '../../../core/limits/policy.ts'
import { Gates, type GatesOptions } from '../../../core/runtime/gates.ts'
import { Secret } from '../../../core/secrets.ts'
import { routeKey } from '../../../core/runtime/route-key.ts'
import { makeRequest } from '../../support/asked.ts'
import { anyRequest, testConfig, testPool } from '../../support/edge.ts'
import { createFleet, inEvent } from '../../support/fleet.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const rate = (burst: number, changes: Partial<LimitPolicy> = {}): LimitPolicy =>
  ({
    kind: 'rate',
    name: 'rate',
    by: [{ kind: 'address' }],
    report: false,
    rate: { count: 1, perMs: 1000 },
    burst,
    ...changes,
  }) as LimitPolicy

const rule = (changes: Partial<RouteConfig> = {}): RouteConfig => ({
  match: anyRequest,
  pool: 'web',
  priority: 5,
  ...changes,
})

/** Gates of a config with one route. */
async function gating(first: RouteConfig, options: Partial<GatesOptions> = {}, pool: Config['pools'] = [testPool([])]) {
  const clock = virtualClock()
  const gates = new Gates({
    clock,
    seed: new Uint8Array(8),
    shedder: () => everybody,
    access: () => ({ open: [], authentication: [] }),
    bans: { around: (rules) => rules },
    ...options,
  })
  const prepare = (route: RouteConfig, pools = pool) => gates.prepare(testConfig({ routes: [route], pools }))
  ;(await prepare(first)).commit()
  /** How many of 20 requests get through. */
  const countIn = (route: RouteConfig, subject?: string): number => {
    const admission = gates.admission(route, routeKey(route))
    const verdicts = Array.from({ length: 20 }, () => {
      const { asked, head } = makeRequest(subject === undefined ? {} : { subject })
      return admission.admit(asked, head, clock.now()).kind
    })
    return verdicts.filter((kind) => kind === 'admitted').length
  }
  return { clock, gates, prepare, countIn }
}

describe('gates', () => {
  test('of a route without rules are none', async () => {
    const { gates } = await gating(rule())
    expect([gates.admission(rule(), 'a'), gates.limitFacts]).toEqual([everybody, []])
  })

  test('of a route are asked by its priority first', async () => {
    const shed = nobody({ status: 503, detail: 'too much to do' })
    const limited = rule({ priority: 1, limits: [rate(5)] })
    const { gates, countIn } = await gating(limited, { shedder: (priority) => (priority === 1 ? shed : everybody) })
    expect(countIn(limited)).toBe(0)
    expect(gates.limitFacts).toMatchObject([{ keys: 0, counters: { refused: 0 } }])
  })

  test('hold a route to its own limits and to those of its pool', async () => {
    const limited = rule({ limits: [rate(9)] })
    const { gates, countIn } = await gating(limited, {}, [testPool([], { limits: [rate(4)] })])
    expect(countIn(limited)).toBe(4)
    expect(gates.limitFacts.map(({ owner, name, counters }) => [owner, name, counters.refused])).toEqual([
      [{ kind: 'route', name: '* to web' }, 'rate', 0],
      [{ kind: 'pool', name: 'web' }, 'rate', 16],
    ])
  })

  test('keep levels over another config, as a rate has filled them until then', async () => {
    const { clock, prepare, countIn } = await gating(rule({ limits: [rate(10)] }))
    expect(countIn(rule({ limits: [rate(10)] }))).toBe(10)
    clock.advance(3000)
    const slower = rule({ priority: 7, limits: [rate(10, { rate: { count: 1, perMs: 86_400_000 } })] })
    ;(await prepare(slower)).commit()
    clock.advance(3000)
    expect(countIn(slower)).toBe(3)
  })

  test('change nothing when what they got ready is abandoned', async () => {
    const limited = rule({ limits: [rate(10)] })
    const { prepare, gates, countIn } = await gating(limited)
    countIn(limited)
    ;(await prepare(rule({ limits: [rate(99)] }))).abandon()
    expect([countIn(limited), gates.limitFacts.length]).toEqual([0, 1])
  })

  test('grant subjects what is their own', async () => {
    const limited = rule({ limits: [rate(3, { by: [{ kind: 'client' }] })] })
    const own = { rate: undefined, burst: 8 }
    const { countIn } = await gating(limited, { ownLimitOf: ({ key }) => (key === 'rich' ? own : undefined) })
    expect([countIn(limited, 'rich'), countIn(limited, 'poor'), countIn(limited)]).toEqual([8, 3, 3])
  })

  test('of a route are asked in their order, all but the shedder within the bans', async () => {
    const log: string[] = []
    const asking = (name: string): Admission => ({
      admit: () => (log.push(name), { kind: 'admitted' }),
    })
    const around = (rules: Admission): Admission => ({
      admit: (asked, head, now) => (log.push('bans'), rules.admit(asked, head, now)),
    })
    const { gates } = await gating(rule(), {
      shedder: () => asking('shedder'),
      access: () => ({ open: [asking('open'), asking('more')], authentication: [asking('authentication')] }),
      bans: { around },
    })
    const { asked, head } = makeRequest()
    gates.admission(rule(), 'a').admit(asked, head, 0)
    expect(log).toEqual(['shedder', 'bans', 'open', 'more', 'authentication'])
  })

  test('join a fleet for as long as a limit is shared, and leave it in the end', async () => {
    const { nodes, clock, redis, run } = createFleet({ nodes: 1 })
    const [{ fleet }] = nodes as [(typeof nodes)[0]]
    const redisUrl = new Secret('redis://127.0.0.1')
    const plain = rule({ limits: [rate(3)] })
    const { gates } = await gating(plain, { clock, sharing: { fleet, clock, inEvent } })
    const take = async (limits: RouteConfig['limits']): Promise<boolean> => {
      const config = testConfig({ redis: redisUrl, routes: [rule(limits && { limits })], pools: [testPool([])] })
      ;(await gates.prepare(config)).commit()
      await run(10)
      return fleet.isJoined
    }
    const shared = rate(3, { shared: true })
    expect([await take([rate(3)]), redis.attempts.length]).toEqual([false, 0])
    expect([await take([shared]), await take(undefined), await take([shared])]).toEqual([true, false, true])
    gates.stop()
    expect([fleet.isJoined, gates.limitFacts]).toEqual([false, []])
  })
})
