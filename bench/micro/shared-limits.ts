/**
 * What a shared limit costs and how well it is held to. Without an argument: ns of a decision beside those of a limit that
 * is not shared. With the URL of a Redis: four nodes that share limits by it for ten seconds each, asked for more than there
 * is and for less. Run: `bun bench/micro/shared-limits.ts [redis://127.0.0.1:6379]`.
 */
import { systemClock } from '../../core/clock.ts'
import { Buckets, hasToken } from '../../core/limits/buckets.ts'
import { Fleet } from '../../core/limits/fleet.ts'
import { KeyHash } from '../../core/limits/key-hash.ts'
import { dialRedis } from '../../core/limits/redis.ts'
import { SharedLimit } from '../../core/limits/shared-limit.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secrets.ts'
import { allowance, createFleet, inEvent, request, type Told } from '../../test/support/fleet.ts'

const KEYS = Array.from({ length: 64 }, (_, low) => ({ high: Math.imul(low, 0x9e3779b1) >>> 0, low: low + 1 }))
const ROUNDS = 5
const DECISIONS = 500_000

function nanoseconds(step: (index: number) => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = performance.now()
    for (let index = 0; index < DECISIONS; index += 1) step(index)
    return ((performance.now() - begin) * 1e6) / DECISIONS
  })
  return Math.min(...rounds)
}

/** Of a node that has leases of 64 keys, or has been told that there is nothing. */
async function sharedNs(burst: number): Promise<number> {
  const { nodes, join, run, clock, own } = createFleet({ nodes: 1, rate: '1/d', burst })
  await join()
  const { limit, told } = nodes[0]!
  for (const key of KEYS)
    for (let left = Math.min(burst, 5); left >= 0; left -= 1) {
      request(limit, key, own, () => clock.now(), told)
      await run(2)
    }
  const now = clock.now()
  return nanoseconds((index) => {
    const level = limit.look(KEYS[index & 63]!, now, own)
    // A lease would be used up, and this is to be measured a million times.
    if (hasToken(level) && (index & 63) === 0) limit.take()
  })
}

async function printCosts(): Promise<void> {
  const own = allowance('1/d', 1e9)
  const buckets = new Buckets(own, 0)
  const localNs = nanoseconds((index) => {
    if (hasToken(buckets.look(KEYS[index & 63]!, 1, own)) && (index & 63) === 0) buckets.take()
  })
  const rows = [
    ['not shared', localNs],
    ['shared, by a lease', await sharedNs(1e9)],
    ['shared, refused by what is known', await sharedNs(1)],
  ] as const
  for (const [what, ns] of rows) console.log(`${what.padEnd(34)} ${ns.toFixed(0).padStart(4)} ns`)
}

/** Each has joined and knows of the others. */
async function joinFour(url: string) {
  const nodes = Array.from({ length: 4 }, () => {
    const services = { clock: systemClock, random: systemRandom, emit: () => undefined, dial: dialRedis }
    const fleet = new Fleet(new KeyHash(new Uint8Array(8)), services)
    fleet.update(new Secret(url))
    return fleet
  })
  for (let waited = 0; nodes.some(({ nodes: known }) => known < 4); waited += 100) {
    if (waited > 10_000) throw new Error('four nodes did not meet: is the Redis there, and nobody else on it?')
    await Bun.sleep(100)
  }
  return nodes
}

async function share(fleets: readonly Fleet[], rate: string, burst: number, perSecond: number): Promise<string> {
  const own = allowance(rate, burst)
  const key = { high: perSecond, low: burst }
  const nodes = fleets.map((fleet) => ({
    limit: new SharedLimit(`bench ${rate} ${process.pid}`, own, { fleet, clock: systemClock, inEvent }),
    told: { admitted: 0, refused: 0, waited: 0, longestMs: 0 } satisfies Told,
  }))
  const begin = performance.now()
  const elapsed = (): number => performance.now() - begin
  let sent = 0
  for (; elapsed() < 10_000; await Bun.sleep(1))
    for (; sent < (elapsed() * perSecond) / 1000; sent += 1) {
      const { limit, told } = nodes[Math.floor(Math.random() * 4)]!
      request(limit, key, own, () => performance.now(), told)
    }
  const most = burst + (elapsed() * own.rate.count) / own.rate.perMs
  await Bun.sleep(100)
  const sum = (what: keyof Told): number => nodes.reduce((total, { told }) => total + told[what], 0)
  const asks = nodes.reduce((total, { limit }) => total + limit.asks, 0)
  return [
    `${rate} burst ${burst}, asked ${perSecond}/s`.padEnd(34),
    `${((100 * sum('admitted')) / Math.min(most, sent)).toFixed(2)} % of what there was`,
    `${(100 * (1 - sum('waited') / sent)).toFixed(2)} % decided at once`,
    `${((1000 * asks) / sent).toFixed(0)} leases for 1000 requests`,
    `the longest wait ${Math.max(...nodes.map(({ told }) => told.longestMs)).toFixed(1)} ms`,
  ].join(', ')
}

const [url] = Bun.argv.slice(2)
if (url === undefined) await printCosts()
else {
  const fleets = await joinFour(url)
  for (const [rate, burst, perSecond] of [
    ['1000/s', 200, 10_000],
    ['1000/s', 200, 900],
    ['100/s', 100, 1000],
    ['10/s', 20, 100],
  ] as const)
    console.log(await share(fleets, rate, burst, perSecond))
  for (const fleet of fleets) fleet.update(undefined)
}
