/** A running pool that holds its backends, or itself, to so many requests at once. */
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { startPool } from '../../support/running-pool.ts'

type Started = Awaited<ReturnType<typeof startPool>>

const backendsOf = ({ pool }: Started): readonly [Backend, Backend] => pool.backends as readonly [Backend, Backend]

describe('the concurrency of a running pool', () => {
  const policy = { start: 4, min: 2, max: 50, tolerance: 1.5 }

  /** So many rounds of as many attempts as the first backend takes, answered after `ms` each. */
  function serve({ clock, pool }: Started, rounds: number, ms: number): number {
    const { balancer } = pool.snapshot()
    const backend = pool.backends[0]!
    for (let round = 0; round < rounds; round += 1) {
      const attempts = Array.from({ length: backend.maxInflight }, () => balancer.begin(backend, clock.now()))
      clock.advance(ms)
      for (const attempt of attempts) {
        attempt.respond(200, clock.now())
        attempt.end({ kind: 'completed', status: 200, elapsedMs: ms }, clock.now())
      }
    }
    return backend.maxInflight
  }

  test('follows the responses of each backend, and ends with its key', async () => {
    using started = await startPool([1, 2], { concurrency: policy })
    const [one, two] = backendsOf(started)
    const grown = serve(started, 40, 100)
    expect(grown).toBeGreaterThan(8)
    expect(two.maxInflight).toBe(4)
    expect(serve(started, 20, 1000)).toBeLessThan(grown / 2)
    await started.change([1, 2], { concurrency: undefined })
    expect([one.maxInflight, two.maxInflight]).toEqual([Infinity, Infinity])
  })

  test('begins anew for a backend that is added', async () => {
    using started = await startPool([1], { concurrency: policy })
    serve(started, 40, 100)
    await started.change([1, 2], { concurrency: policy })
    const [one, two] = backendsOf(started)
    expect(one.maxInflight).toBeGreaterThan(8)
    expect(two.maxInflight).toBe(4)
  })
})

test('a running pool that has stopped tells no more of how full it is', async () => {
  using started = await startPool([1], { maxInflight: 1 })
  const { balancer, queue } = started.pool.snapshot()
  balancer.begin(started.pool.backends[0]!, 0)
  queue.enter({ priority: 5, endsAt: Infinity, patienceMs: () => undefined })
  started.pool.stop()
  started.clock.advance(60_000)
  expect(started.events).toEqual([{ kind: 'pool-full', pool: 'web', detail: 'requests get 503' }])
})
