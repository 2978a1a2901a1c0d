/**
 * What a request's balancing takes, pick and hooks, in spite of whatever else the machine does. Noise only ever adds, so
 * the fastest of many short runs counts: what is slow by nature is slow in each, a preempted run is beaten by the next.
 */
import { seededRandom } from '../random.ts'
import { begin, end, fakePool, someClient, wallTimeAt } from './fakes.ts'
import type { Outcome, PickContext, Strategy } from '../strategy/strategy.ts'

const backends = 100
const runs = 40
const requestsPerRun = 64
/** What is this slow needs no second look: the measuring must not become the burden. */
const longestMs = 300

const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 1 }

/** ns per request among 100 backends, the just-in-time compiler warm; `now` is a monotonic clock in ms. */
export function measurePick(strategy: Strategy, now: () => number): number {
  const pool = fakePool(Array.from({ length: backends }, (_, index) => 1 + (index % 3)))
  const random = seededRandom(14)
  const contexts = Array.from({ length: requestsPerRun }, (_, index): PickContext => ({
    key: `key-${index}`,
    client: someClient(index),
    now: index,
    wallTime: wallTimeAt(index),
    random,
  }))
  const deadline = now() + longestMs
  let fastestMs = Infinity
  for (let run = 0; run < runs && now() < deadline; run += 1) {
    const runAt = now()
    let served = 0
    for (const context of contexts) {
      // Seldom asked, so that asking is not measured.
      if (served % 8 === 7 && now() > deadline) break
      const picked = strategy.pick(pool, context)
      end(strategy, begin(strategy, picked, context.now), completed, context.now)
      served += 1
    }
    fastestMs = Math.min(fastestMs, (now() - runAt) / served)
  }
  return fastestMs * 1e6
}
