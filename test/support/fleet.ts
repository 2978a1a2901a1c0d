/** Nodes that share limits by a model of Redis, all on one virtual clock, asked by a script of requests. */
import { hasToken } from '../../core/limits/buckets.ts'
import { Fleet } from '../../core/limits/fleet.ts'
import { KeyHash } from '../../core/limits/key-hash.ts'
import type { Key } from '../../core/limits/key-table.ts'
import type { Allowance } from '../../core/limits/policy.ts'
import { SharedLimit } from '../../core/limits/shared-limit.ts'
import { UNKNOWN } from '../../core/limits/token-source.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import { Secret } from '../../core/secrets.ts'
import { parseRate } from '../../core/rate.ts'
import { ModelRedis } from './model-redis.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

export const url = new Secret('redis://:for-tests-only@127.0.0.1:6379')

export const allowance = (rate: string, burst: number): Allowance => ({ rate: parseRate(rate)!, burst })

/** One whose turns end as it moves, too. */
export function turningClock(): VirtualClock {
  const clock = virtualClock(1000)
  return { ...clock, soon: (task) => void clock.after(0, task) }
}

/** As a test sees it: what is thrown fails it. */
export const inEvent = (task: () => void): void => task()

export interface Told {
  admitted: number
  refused: number
  /** Those that had to wait. */
  waited: number
  /** ms, of the one that waited longest. */
  longestMs: number
}

/** Lets a request ask: takes a token where there is one, at once or later. */
export function request(limit: SharedLimit, key: Key, own: Allowance, now: () => number, told: Told): void {
  const at = now()
  const decide = (level: number): void => {
    if (hasToken(level)) limit.take()
    told[hasToken(level) ? 'admitted' : 'refused'] += 1
    told.longestMs = Math.max(told.longestMs, now() - at)
  }
  const level = limit.look(key, at, own)
  if (level !== UNKNOWN) return decide(level)
  told.waited += 1
  limit.wait(key, own, () => decide(limit.lookHere(key, now(), own)))
}

export function createFleet({ nodes: count = 4, seed = 1, rate = '1000/s', burst = 200 } = {}) {
  const clock = turningClock()
  const random = seededRandom(seed)
  const redis = new ModelRedis(clock)
  const own = allowance(rate, burst)
  const nodes = Array.from({ length: count }, () => {
    const events: EdgeEvent[] = []
    const services = { clock, random, dial: redis.dial, emit: (event: EdgeEvent) => void events.push(event) }
    const fleet = new Fleet(new KeyHash(new Uint8Array(8)), services)
    const limit = new SharedLimit('limit', own, { fleet, clock, inEvent })
    return { fleet, limit, events, told: { admitted: 0, refused: 0, waited: 0, longestMs: 0 } satisfies Told }
  })
  const key = { high: 1, low: 2 }

  /** So long, a ms at a time, each with promises kept on the way; before each `each` is called. */
  async function run(ms: number, each: () => void = () => undefined): Promise<void> {
    for (let step = 0; step < ms; step += 1) {
      each()
      clock.advance(1)
      // Answers pass through a few promises.
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve()
    }
  }

  /** All nodes, which know of each other. */
  async function join(): Promise<void> {
    for (const { fleet } of nodes) fleet.update(url)
    await run(4100)
  }

  /** `perSecond` requests, spread at random over time and nodes, or over the first `to` of them. */
  async function flood(ms: number, perSecond: number, to = count): Promise<void> {
    await run(ms, () => {
      for (let left = perSecond / 1000; left > 0; left -= 1)
        if (random() < left) {
          const node = nodes[Math.floor(random() * to)]!
          request(node.limit, key, own, () => clock.now(), node.told)
        }
    })
  }

  const sum = (what: keyof Told): number => nodes.reduce((total, { told }) => total + told[what], 0)
  return { clock, redis, nodes, key, own, run, join, flood, sum }
}
