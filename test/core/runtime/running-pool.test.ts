import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import type { HealthPolicy } from '../../../core/health/policy.ts'
import { makeMember } from '../../support/make-backend.ts'
import { startPool } from '../../support/running-pool.ts'

const health: HealthPolicy = {
  check: { kind: 'tcp' },
  intervalMs: 1000,
  jitterRatio: 0,
  timeoutMs: 1000,
  rise: 2,
  fall: 3,
  initially: 'usable',
  maxConcurrent: 10,
}
const passive = { failures: 2, retryAfterMs: 1000 }
const context = {
  key: undefined,
  client: { address: '192.0.2.1', zone: undefined, place: undefined },
  now: 0,
  random: () => 0.5,
}

type Started = Awaited<ReturnType<typeof startPool>>

const backendsOf = ({ pool }: Started): readonly [Backend, Backend] => pool.backends as readonly [Backend, Backend]
/** Attempts at `backend` whose connects fail, so many. */
function refuse({ pool, clock }: Started, backend: Backend, count = passive.failures): void {
  for (let left = count; left > 0; left -= 1) {
    pool
      .snapshot()
      .balancer.begin(backend, clock.now())
      .end({ kind: 'failed', cause: 'connect', elapsedMs: 0 }, clock.now())
  }
}
const picked = ({ pool }: Started) =>
  new Set(Array.from({ length: 10 }, () => pool.snapshot().balancer.pick(context, [])))

describe('a running pool', () => {
  test('leaves out whom traffic has taken out, and tells of it once each way', async () => {
    using started = await startPool([1, 2], { passive })
    const [one, two] = backendsOf(started)
    refuse(started, one)
    expect(picked(started)).toEqual(new Set([two]))
    started.clock.advance(1000)
    expect(picked(started)).toEqual(new Set([one, two]))
    expect(started.events).toEqual([
      { kind: 'backend-down', pool: 'web', backend: one.id, detail: '2 connect failures in a row' },
      { kind: 'backend-up', pool: 'web', backend: one.id, detail: 'tried again after a pause' },
    ])
  })

  test('never leaves itself without a backend on the word of traffic', async () => {
    using started = await startPool([1, 2], { passive, health })
    const [one, two] = backendsOf(started)
    refuse(started, one)
    refuse(started, two)
    expect(picked(started)).toEqual(new Set([one, two]))
    expect(started.pool.hasCandidates).toBe(true)
    expect([one.standing.state, two.standing.state]).toEqual(['unhealthy', 'unhealthy'])
  })

  test('has back at once whom traffic took out and who answers', async () => {
    using started = await startPool([1, 2], { passive, health })
    const [one, two] = backendsOf(started)
    refuse(started, one)
    refuse(started, two)
    const attempt = started.pool.snapshot().balancer.begin(two, started.clock.now())
    attempt.respond(started.clock.now())
    expect(picked(started)).toEqual(new Set([two]))
    attempt.end({ kind: 'abandoned', elapsedMs: 0 }, started.clock.now())
    expect(started.events.at(-1)).toMatchObject({ kind: 'backend-up', detail: 'it has answered a request' })
  })

  test('has nobody to pick when all drain', async () => {
    using started = await startPool([1, 2])
    await started.change([], { members: [1, 2].map((port) => makeMember(port, { isDraining: true })) })
    expect(picked(started)).toEqual(new Set([undefined]))
  })

  test('dates a drain from its own begin, health unharmed', async () => {
    using started = await startPool([1, 2], { passive })
    const [one] = backendsOf(started)
    refuse(started, one)
    started.clock.advance(300)
    await started.change([], { passive, members: [makeMember(1, { isDraining: true }), makeMember(2)] })
    expect(one.standing).toMatchObject({ state: 'draining', since: 300, health: 'unhealthy' })
    started.clock.advance(700)
    expect(one.standing).toMatchObject({ state: 'draining', since: 300, health: 'unchecked' })
  })

  test('gives a new weight to who stays from the next pick on', async () => {
    using started = await startPool([1, 2])
    const [one] = backendsOf(started)
    await started.change([], { members: [makeMember(1, { weight: 4 }), makeMember(2)] })
    expect([backendsOf(started)[0], one.weight, one.configuredWeight]).toEqual([one, 4, 4])
  })
})

describe('another config of a running pool', () => {
  const failing = { kind: 'failing', since: 0, cause: '503' } as const

  test('brings nobody back whom checks hold out when only passive changes', async () => {
    using started = await startPool([1, 2], { passive, health })
    const [one, two] = backendsOf(started)
    one.facts.checks = failing
    await started.change([1, 2], { passive: { failures: 7, retryAfterMs: 5000 }, health })
    expect(picked(started)).toEqual(new Set([two]))
    expect(one.facts.checks).toBe(failing)
  })

  test('brings back whom checks held out when there are none any more', async () => {
    using started = await startPool([1, 2], { passive, health })
    const [one, two] = backendsOf(started)
    one.facts.checks = failing
    await started.change([1, 2], { passive, health })
    expect(picked(started)).toEqual(new Set([two]))
    expect(started.events.at(-1)).toMatchObject({ kind: 'backend-down', backend: one.id })
    await started.change([1, 2], { passive, health: undefined })
    expect(picked(started)).toEqual(new Set([one, two]))
    const news = {
      kind: 'backend-up',
      pool: 'web',
      backend: one.id,
      detail: 'another configuration is in force',
    } as const
    expect(started.events.at(-1)).toEqual(news)
    expect(started.pool.recheck(one.id)).toBe(false)
  })
})
