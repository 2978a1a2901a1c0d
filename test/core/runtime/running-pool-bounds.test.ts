/** A running pool that holds its backends, or itself, to so many requests at once. */
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { makeEntrant } from '../../support/entrant.ts'
import { touchyBreaker } from '../../support/policies.ts'
import { turnUntil } from '../../support/raw-peer.ts'
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
  queue.enter(makeEntrant())
  started.pool.stop()
  started.clock.advance(60_000)
  expect(started.events).toEqual([{ kind: 'pool-full', pool: 'web', detail: 'requests get 503' }])
})

describe('beside a breaker, a running pool', () => {
  const queue = { length: 5, timeoutMs: 60_000, order: 'fifo' } as const
  const completed = { kind: 'completed', status: 200, elapsedMs: 1 } as const

  test('lets in who waits when a trial is over', async () => {
    using started = await startPool([1], { breaker: touchyBreaker, queue, maxEjected: 1 })
    const { clock, pool } = started
    const { balancer, queue: line } = pool.snapshot()
    const [one] = backendsOf(started)
    balancer.begin(one, clock.now()).end({ kind: 'failed', cause: 'reset', elapsedMs: 0 }, clock.now())
    clock.advance(1000)
    expect([balancer.hasRoom(), one.use]).toEqual([true, 'trial'])
    const trial = balancer.begin(one, clock.now())
    expect([balancer.hasUsable(), balancer.hasRoom()]).toEqual([true, false])
    const verdict = line.enter(makeEntrant())
    const told: string[] = []
    if (verdict.kind === 'later') verdict.wait(({ kind }) => void told.push(kind))
    trial.end({ kind: 'abandoned', elapsedMs: 1 }, clock.now())
    await turnUntil(() => told.length > 0, 'its turn')
    expect([told, one.use]).toEqual([['admitted'], 'trial'])
    balancer.begin(one, clock.now()).end(completed, clock.now())
    expect([balancer.hasRoom(), one.use]).toEqual([true, 'used'])
  })

  test('goes on learning bounds when a reload brings it', async () => {
    const concurrency = { start: 4, min: 2, max: 50, tolerance: 1.5 }
    using started = await startPool([1], { concurrency })
    const [one] = backendsOf(started)
    await started.change([1], { concurrency, breaker: touchyBreaker })
    const { clock, pool } = started
    for (let round = 0; round < 40; round += 1) {
      const attempts = Array.from({ length: one.maxInflight }, () => pool.snapshot().balancer.begin(one, clock.now()))
      clock.advance(100)
      for (const attempt of attempts) {
        attempt.respond(200, clock.now())
        attempt.end(completed, clock.now())
      }
    }
    expect(one.maxInflight).toBeGreaterThan(8)
  })
})
