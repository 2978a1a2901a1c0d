import { describe, expect, test } from 'bun:test'
import { hasToken } from '../../../core/limits/buckets.ts'
import { SharedLimit } from '../../../core/limits/shared-limit.ts'
import type { Allowance } from '../../../core/limits/policy.ts'
import { UNKNOWN } from '../../../core/limits/token-source.ts'
import { allowance, createFleet, inEvent, request, type Told } from '../../support/fleet.ts'

const seeds = [1, 2, 3, 4, 5]
const nobody = (): Told => ({ admitted: 0, refused: 0, waited: 0, longestMs: 0 })

describe('a limit that four nodes share, simulated', () => {
  test.each(seeds)('lets through at ten times its rate what one node would, to 1 %: seed %d', async (seed) => {
    const { join, flood, sum } = createFleet({ seed, rate: '1000/s', burst: 200 })
    await join()
    await flood(10_000, 10_000)
    expect(sum('admitted')).toBeLessThanOrEqual(10_200)
    expect(sum('admitted')).toBeGreaterThan(10_200 * 0.99)
    expect(sum('waited')).toBeLessThan(0.01 * (sum('admitted') + sum('refused')))
  })

  test.each(seeds)('refuses nobody who stays below it, and hardly anybody waits: seed %d', async (seed) => {
    const { join, flood, sum } = createFleet({ seed, rate: '1000/s', burst: 200 })
    await join()
    await flood(10_000, 800)
    expect(sum('refused')).toBe(0)
    expect(sum('waited')).toBeLessThan(0.05 * sum('admitted'))
  })

  test.each([
    ['10/s', 20, 100],
    ['100/s', 100, 1000],
    ['600/m', 10, 200],
    ['20000/s', 20_000, 40_000],
  ])('lets through no more than one node would: %s, %d at once, at %d/s', async (rate, burst, perSecond) => {
    const { join, flood, sum, own } = createFleet({ rate, burst })
    await join()
    await flood(5000, perSecond)
    const most = burst + (5000 * own.rate.count) / own.rate.perMs
    expect(sum('admitted')).toBeLessThanOrEqual(most)
    expect(sum('admitted')).toBeGreaterThan(0.95 * most)
    expect(sum('waited')).toBeLessThan(0.1 * (sum('admitted') + sum('refused')))
  })

  test('goes where the requests go: who comes to one node alone has all of it', async () => {
    const { join, flood, sum, nodes } = createFleet({ rate: '1000/s', burst: 200 })
    await join()
    await flood(2000, 5000)
    const before = sum('admitted')
    await flood(3000, 5000, 1)
    expect(nodes[0]!.told.admitted).toBeGreaterThan(2900)
    expect(sum('admitted') - before).toBeLessThanOrEqual(3000 + 200)
  })

  test('gives back what was leased and not used', async () => {
    const { join, flood, sum, redis, run, key, own, nodes, clock } = createFleet({ rate: '10/h', burst: 400 })
    await join()
    await flood(300, 1000)
    const used = sum('admitted')
    expect(redis.lack).toBeGreaterThan(used)
    await run(1600)
    expect(redis.lack).toBeGreaterThan(used - 1)
    expect(redis.lack).toBeLessThanOrEqual(used)
    const told = nobody()
    for (let left = 400 - used; left > 0; left -= 1) {
      request(nodes[0]!.limit, key, own, () => clock.now(), told)
      await run(3)
    }
    expect([told.admitted, told.refused]).toEqual([400 - used, 0])
  })
})

describe('one that loses its Redis, simulated', () => {
  test.each(seeds)('lets through a burst more at most, and nobody waits for long: seed %d', async (seed) => {
    const { join, flood, sum, redis, nodes } = createFleet({ seed, rate: '1000/s', burst: 200 })
    await join()
    await flood(2000, 10_000)
    redis.kill()
    await flood(4000, 10_000)
    redis.isUp = true
    await flood(8000, 10_000)
    const most = 200 + 14_000
    expect(sum('admitted')).toBeLessThanOrEqual(most + 200)
    expect(sum('admitted')).toBeGreaterThan(0.97 * most)
    expect(sum('longestMs')).toBeLessThan(4 * 52)
    expect(nodes.map(({ events }) => events.map(({ kind }) => kind))).toEqual(
      nodes.map(() => ['limits-shared', 'limits-local', 'limits-shared']),
    )
  })

  test.each(seeds)('refuses nobody who stays well below his share: seed %d', async (seed) => {
    const { join, flood, sum, redis } = createFleet({ seed, rate: '1000/s', burst: 1000 })
    await join()
    await flood(1000, 700)
    redis.kill({ forgets: true })
    await flood(3000, 700)
    redis.isUp = true
    await flood(6000, 700)
    expect(sum('refused')).toBe(0)
  })

  test.each([0, 1])('lets through no more than that when answers stop coming: %d', async (quiet) => {
    const { join, flood, sum, redis } = createFleet({ rate: '1000/s', burst: 200 })
    await join()
    await flood(1000, 10_000 * quiet)
    redis.isSilent = true
    await flood(3000, 10_000)
    redis.isSilent = false
    await flood(6000, 10_000)
    expect(sum('admitted')).toBeLessThanOrEqual(200 + 10_000 + 200)
    expect(sum('longestMs')).toBeLessThan(4 * 52)
  })

  test('lets each key have the share of one node, once', async () => {
    const { join, redis, run, nodes, own, clock } = createFleet({ rate: '10/h', burst: 40 })
    await join()
    redis.kill()
    await run(10)
    for (const low of [1, 2, 3]) {
      const told = nobody()
      for (let left = 100; left > 0; left -= 1) request(nodes[0]!.limit, { high: 9, low }, own, () => clock.now(), told)
      expect([told.admitted, told.waited]).toEqual([10, 0])
    }
  })

  test('lets each node grant one at least', async () => {
    const { join, redis, run, nodes, own, key, clock } = createFleet({ rate: '10/h', burst: 2 })
    await join()
    redis.kill()
    await run(10)
    const told = nobody()
    for (let left = 9; left > 0; left -= 1) request(nodes[0]!.limit, key, own, () => clock.now(), told)
    expect([told.admitted, told.refused]).toEqual([1, 8])
  })

  test('grants all of it again to who comes to one node alone, once it is back', async () => {
    const { join, redis, nodes, flood } = createFleet({ rate: '1000/s', burst: 200 })
    await join()
    redis.kill()
    await flood(500, 900, 1)
    redis.isUp = true
    await flood(5000, 900, 1)
    const { told } = nodes[0]!
    const before = told.admitted
    await flood(3000, 900, 1)
    expect(told.admitted - before).toBeGreaterThan(2500)
    expect(told.waited).toBeLessThan(100)
  })

  test('forgets what it asked of one that was killed', async () => {
    const { join, redis, run, nodes, own, key, clock } = createFleet({ nodes: 1 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    redis.latencyMs = 20
    request(limit, key, own, () => clock.now(), nobody())
    await run(5)
    redis.kill()
    redis.isUp = true
    await run(3000)
    expect(limit.held).toBe(0)
  })

  test('has the others know what it let through, once it is back', async () => {
    const { join, redis, run, nodes, key, own, clock, flood } = createFleet({ rate: '10/h', burst: 40 })
    await join()
    redis.kill({ forgets: true })
    await flood(100, 10_000)
    redis.isUp = true
    await run(9000)
    const told = nobody()
    request(nodes[3]!.limit, key, own, () => clock.now(), told)
    await run(5)
    expect([told.admitted, told.refused]).toEqual([0, 1])
  })
})

describe('a shared limit', () => {
  test('has the first request of a key wait, tells the level then, and refuses the rest of a flood by itself', async () => {
    const { join, nodes, run, key, own, clock, redis } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    expect(limit.look(key, clock.now(), own)).toBe(UNKNOWN)
    const told = nobody()
    for (let left = 3; left > 0; left -= 1) request(limit, key, own, () => clock.now(), told)
    await run(3)
    expect(told).toMatchObject({ admitted: 2, refused: 1, waited: 3 })
    redis.commands.length = 0
    for (let left = 1000; left > 0; left -= 1) request(limit, key, own, () => clock.now(), told)
    await run(3)
    expect(told).toMatchObject({ admitted: 2, refused: 1001, waited: 3 })
    expect(redis.commands).toEqual([])
  })

  test('takes back what a request that has gone was to have', async () => {
    const { join, nodes, run, key, own, clock, redis } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    limit.look(key, clock.now(), own)
    const cancel = limit.wait(key, own, () => expect.unreachable())
    cancel()
    await run(3)
    expect(redis.lack).toBeCloseTo(1, 3)
    await run(1500)
    expect(redis.lack).toBe(0)
  })

  test('lets nobody suffer from what goes wrong with another', async () => {
    const { join, nodes, run, own, clock } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    await join()
    const heard: string[] = []
    const guarded = (task: () => void): void => {
      try {
        task()
      } catch (error) {
        heard.push(String(error))
      }
    }
    const limit = new SharedLimit('other', own, { fleet: nodes[0]!.fleet, clock, inEvent: guarded })
    limit.wait({ high: 1, low: 1 }, own, () => {
      throw new Error('a fault')
    })
    limit.wait({ high: 1, low: 1 }, own, () => void heard.push('decided'))
    limit.wait({ high: 1, low: 2 }, own, () => void heard.push('decided'))
    await run(3)
    expect(heard).toEqual(['Error: a fault', 'decided', 'decided'])
  })

  test('goes by what the owner of a key has of his own', async () => {
    const { join, nodes, run, clock } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    const told = nobody()
    const rich = allowance('10/h', 30)
    for (let left = 50; left > 0; left -= 1) request(limit, { high: 4, low: 4 }, rich, () => clock.now(), told)
    await run(3)
    expect([told.admitted, told.refused]).toEqual([30, 20])
  })

  test('is another for another name, and the same for the same', async () => {
    const { join, nodes, run, key, own, clock } = createFleet({ nodes: 2, rate: '10/h', burst: 2 })
    await join()
    const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    const other = new SharedLimit('other', own, { fleet: two.fleet, clock, inEvent })
    const told = [nobody(), nobody(), nobody()] as const
    for (const [index, limit] of [one.limit, two.limit, other].entries()) {
      for (let left = 2; left > 0; left -= 1) request(limit, key, own, () => clock.now(), told[index]!)
      await run(3)
    }
    expect(told.map(({ admitted }) => admitted)).toEqual([2, 0, 2])
  })

  test('forgets nothing of a rate that becomes another', async () => {
    const { join, nodes, run, key, clock, own } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    const told = nobody()
    for (let left = 2; left > 0; left -= 1) request(limit, key, own, () => clock.now(), told)
    await run(3)
    const more = allowance('10/h', 3)
    limit.update(more, clock.now())
    await run(2000)
    for (let left = 2; left > 0; left -= 1) request(limit, key, more, () => clock.now(), told)
    await run(3)
    expect([told.admitted, told.refused]).toEqual([3, 1])
  })

  test('of which the rate becomes another goes by that at once, also where nobody has to wait', async () => {
    const { join, nodes, run, key, clock } = createFleet({ nodes: 1, rate: '100/s', burst: 100 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    const flood = async (own: Allowance): Promise<number> => {
      const told = nobody()
      for (let ms = 0; ms < 4000; ms += 1) {
        request(limit, key, own, () => clock.now(), told)
        await run(1)
      }
      return told.admitted
    }
    expect(await flood(allowance('100/s', 100))).toBeGreaterThan(480)
    expect(await flood(allowance('400/s', 100))).toBeGreaterThan(1580)
  })

  test('that is closed gives its leases back, and sets no timers any more', async () => {
    const { join, nodes, run, flood, sum, redis, clock } = createFleet({ nodes: 1, rate: '10/h', burst: 400 })
    await join()
    await flood(100, 1000)
    nodes[0]!.limit.close()
    await run(3)
    expect([nodes[0]!.limit.held, Math.round(redis.lack)]).toEqual([0, sum('admitted')])
    nodes[0]!.fleet.update(undefined)
    await run(300)
    expect(clock.pending()).toBe(0)
  })

  test('holds no more keys than there is room for, and gives back what it forgets', async () => {
    const { join, nodes, run, own, clock, redis } = createFleet({ nodes: 1, rate: '1000/s', burst: 200 })
    await join()
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    const told = nobody()
    for (let index = 0; index < 36_000; index += 1)
      request(limit, { high: Math.imul(index, 0x9e3779b1) >>> 0, low: index }, own, () => clock.now(), told)
    await run(60)
    expect(told.admitted).toBe(36_000)
    expect(limit.held).toBeLessThanOrEqual(32_768)
    await run(3000)
    expect([limit.held, redis.isUp]).toEqual([0, true])
  })

  test('knows a level by itself before there is a Redis, as one of one', () => {
    const { nodes, key, own, clock } = createFleet({ nodes: 1, rate: '10/h', burst: 2 })
    const [{ limit }] = nodes as [(typeof nodes)[0]]
    const told = nobody()
    for (let left = 5; left > 0; left -= 1) request(limit, key, own, () => clock.now(), told)
    expect(told).toMatchObject({ admitted: 2, refused: 3, waited: 0 })
    expect(hasToken(limit.lookHere(key, clock.now(), own))).toBe(false)
  })
})
