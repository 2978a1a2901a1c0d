import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { Fleet } from '../../../core/limits/fleet.ts'
import { KeyHash } from '../../../core/limits/key-hash.ts'
import { dialRedis } from '../../../core/limits/redis.ts'
import { SharedLimit } from '../../../core/limits/shared-limit.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { seededRandom } from '../../../core/random.ts'
import { Secret } from '../../../core/secrets.ts'
import { allowance, inEvent, request, type Told } from '../../support/fleet.ts'
import { closedPort } from '../../support/ports.ts'
import { redisForTests } from '../../support/services.ts'

const service = redisForTests()

/** A connection to it, and what is heard of its end. */
async function open(change: (url: URL) => void = () => undefined) {
  const url = new URL(service().url)
  change(url)
  const lost = Promise.withResolvers<void>()
  const link = dialRedis(new Secret(url.href), lost.resolve)
  return { link, lost: lost.promise }
}

const errorOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: Error) => error.message,
  )

describe('a connection to Redis', () => {
  test('sends what it is told to, and rejects what the server has against it', async () => {
    const { link, lost } = await open()
    await link.open()
    expect(await link.send('ECHO', ['text'])).toBe('text')
    expect(await link.send('EVAL', ["return { 1, 'a', -2 }", '0'])).toEqual([1, 'a', -2])
    expect(await errorOf(link.send('EVALSHA', ['0'.repeat(40), '0']))).toStartWith('NOSCRIPT')
    link.close()
    await lost
    link.close()
    expect(await errorOf(link.send('PING', []))).not.toBe('none')
  })

  test.each([
    ['with a wrong password', (url: URL) => void (url.password = 'wrong')],
    ['where nobody listens', (url: URL) => void (url.port = String(closedPort()))],
  ])('can’t be had %s, and says no more than that', async (_, change) => {
    const { link } = await open(change)
    const said = await errorOf(link.open())
    expect(said).toBe('it cannot be reached, or does not take the password')
    link.close()
  })

  test('is lost with the server, and rejects what it has not answered', async () => {
    const { link, lost } = await open()
    await link.open()
    const waiting = errorOf(link.send('BLPOP', ['nothing', '0']))
    await service().kill()
    await lost
    expect(await waiting).not.toBe('none')
    expect(await errorOf(link.send('PING', []))).not.toBe('none')
    await service().restart()
  })
})

/** Nodes of one process, of which each has joined and knows the others. */
async function joinFour(own = allowance('2000/s', 400)) {
  const { url } = service()
  const nodes = Array.from({ length: 4 }, () => {
    const shared = Promise.withResolvers<void>()
    const local = Promise.withResolvers<void>()
    const emit = ({ kind }: EdgeEvent): void => (kind === 'limits-shared' ? shared : local).resolve()
    const services = { clock: systemClock, random: seededRandom(1), emit, dial: dialRedis }
    const fleet = new Fleet(new KeyHash(new Uint8Array(8)), services)
    fleet.update(new Secret(url))
    const told: Told = { admitted: 0, refused: 0, waited: 0, longestMs: 0 }
    return { fleet, limit: new SharedLimit('real', own, { fleet, clock: systemClock, inEvent }), shared, local, told }
  })
  await Promise.all(nodes.map(({ shared }) => shared.promise))
  while (nodes.some(({ fleet }) => fleet.nodes < nodes.length)) await nextTurn()
  const sum = (what: keyof Told): number => nodes.reduce((total, { told }) => total + told[what], 0)
  const leave = (): void => {
    for (const { fleet } of nodes) fleet.update(undefined)
  }
  return { nodes, own, sum, leave }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => systemClock.after(1, resolve))

describe('four nodes and a Redis', () => {
  test('let through at five times the rate what one would, to 5 %, and decide nearly all by themselves', async () => {
    const { nodes, own, sum, leave } = await joinFour()
    const startedAt = systemClock.now()
    const elapsed = (): number => systemClock.now() - startedAt
    for (let sent = 0; sent < 20_000; await nextTurn())
      for (; sent < elapsed() * 10; sent += 1) {
        const { limit, told } = nodes[sent % 4]!
        request(limit, { high: 3, low: 3 }, own, () => systemClock.now(), told)
      }
    const most = own.burst + (elapsed() * own.rate.count) / own.rate.perMs
    while (sum('admitted') + sum('refused') < 20_000) await nextTurn()
    leave()
    expect(sum('admitted')).toBeLessThanOrEqual(most * 1.05)
    expect(sum('admitted')).toBeGreaterThan(most * 0.5)
    expect(sum('waited')).toBeLessThan(0.05 * 20_000)
  })

  test('each go by themselves when it is killed, with nothing left unanswered, and together when it is back', async () => {
    const { nodes, own, sum, leave } = await joinFour()
    let sent = 0
    const flood = async (isOver: () => boolean): Promise<void> => {
      for (; !isOver(); await nextTurn())
        for (let left = 4; left > 0; left -= 1) {
          sent += 1
          const { limit, told } = nodes[sent % 4]!
          request(limit, { high: 4, low: 4 }, own, () => systemClock.now(), told)
        }
    }
    await flood(() => sent > 2000)
    await Promise.all([service().kill(), flood(() => nodes.every(({ fleet }) => !fleet.isJoined))])
    await flood(() => sent > 4000)
    await Promise.all([service().restart(), flood(() => nodes.every(({ fleet }) => fleet.isJoined))])
    while (sum('admitted') + sum('refused') < sent) await nextTurn()
    leave()
    await Promise.all(nodes.map(({ local }) => local.promise))
  })
})
