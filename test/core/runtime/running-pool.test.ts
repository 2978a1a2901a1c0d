import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import type { HealthPolicy } from '../../../core/health/policy.ts'
import { makeMember } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
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
const timeouts = { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000, maxAgeMs: 300_000 }
const passive = { failures: 2, retryAfterMs: 1000 }
const context = contextOf({ random: () => 0.5 })

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
      { kind: 'backend-up', pool: 'web', backend: one.id, detail: 'its pause is over, the next request tries it' },
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
    attempt.respond(200, started.clock.now())
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
    expect(started.pool.recheck(one.id)).toBe('no-checks')
  })

  test('has no news of those who were well and are asked no more', async () => {
    using started = await startPool([1, 2], { passive, health })
    for (const backend of backendsOf(started)) backend.facts.checks = { kind: 'passing', since: 0 }
    await started.change([1, 2], { passive, health })
    const { length } = started.events
    await started.change([1, 2], { passive, health: undefined })
    expect(started.events.slice(length)).toEqual([])
  })
})

describe('the connections of a running pool', () => {
  test('to a backend that is told to drain are closed as they become idle', async () => {
    using started = await startPool([1, 2])
    const [one, two] = backendsOf(started)
    const [idle, busy, other] = [started.ask(one)!, started.ask(one)!, started.ask(two)!]
    started.answer(idle.socket)
    started.answer(other.socket)
    await started.change([], { members: [makeMember(1, { isDraining: true }), makeMember(2)] })
    expect([idle, busy, other].map(({ socket }) => socket.isOpen)).toEqual([false, true, true])
    started.answer(busy.socket)
    expect([busy.socket.isOpen, busy.sink.log.at(-1)]).toEqual([false, 'end'])
    await started.change([1, 2])
    const again = started.ask(one)!
    started.answer(again.socket)
    expect(again.socket.isOpen).toBe(true)
  })

  test('of backends that stay follow changed caps and time-outs', async () => {
    using started = await startPool([1])
    const [one] = started.pool.backends as [Backend]
    const capped = { maxConnections: 1, maxIdleConnections: 0 }
    await started.change([1], { ...capped, timeouts: { ...timeouts, responseMs: 1000 } })
    const asked = started.ask(one)!
    expect([one.hasRoom, started.ask(one)]).toEqual([false, undefined])
    started.clock.advance(1300)
    expect(asked.sink.log.at(-1)).toBe('timeout: no response within 1000 ms')
    const next = started.ask(one)!
    started.answer(next.socket)
    expect(next.socket.isOpen).toBe(false)
  })

  test('are ended with it, those of backends that are leaving too', async () => {
    const started = await startPool([1, 2])
    const [one, two] = backendsOf(started)
    const asked = [started.ask(one)!, started.ask(two)!]
    await started.change([2])
    started.pool.stop()
    expect(asked.map(({ socket }) => socket.isOpen)).toEqual([false, false])
    // The timer wheel ends its turn; no drain time runs on.
    started.clock.advance(1000)
    expect(started.clock.pending()).toBe(0)
  })
})

describe('a backend that is removed', () => {
  test('finishes what it has begun, and is cut when its time is over', async () => {
    using started = await startPool([1, 2])
    const [one] = backendsOf(started)
    const [idle, quick, slow] = [started.ask(one)!, started.ask(one)!, started.ask(one)!]
    started.answer(idle.socket)
    await started.change([2])
    expect(picked(started)).not.toContain(one)
    expect(idle.socket.isOpen).toBe(false)
    started.answer(quick.socket)
    expect(quick.sink.log.at(-1)).toBe('end')
    started.clock.advance(4999)
    expect(slow.socket.isOpen).toBe(true)
    started.clock.advance(1)
    expect(slow.sink.log.at(-1)).toBe('reset: the backend was removed and its drain time is over')
    expect(slow.socket.isOpen).toBe(false)
  })

  test('takes its own again when it comes back in time', async () => {
    using started = await startPool([1, 2], { passive })
    const [one] = backendsOf(started)
    const attempt = started.pool.snapshot().balancer.begin(one, 0)
    const { socket, sink } = started.ask(one)!
    await started.change([2])
    started.clock.advance(4000)
    await started.change([], { members: [makeMember(2), makeMember(1, { weight: 3 })] })
    expect(started.pool.backends[1]).toBe(one)
    expect(one).toMatchObject({ inflight: 1, weight: 3, counters: { requests: 1 } })
    started.clock.advance(60_000)
    expect([socket.isOpen, sink.log]).toEqual([false, ['connected', 'timeout: no response within 30000 ms']])
    attempt.end({ kind: 'abandoned', elapsedMs: 0 }, 0)
    const next = started.ask(one)!
    started.answer(next.socket)
    expect(next.socket.isOpen).toBe(true)
  })

  test('is out as it was when it comes back, until its pause is over', async () => {
    using started = await startPool([1, 2], { passive: { failures: 1, retryAfterMs: 3000 } })
    const [one] = backendsOf(started)
    refuse(started, one, 1)
    await started.change([2], { passive: { failures: 1, retryAfterMs: 3000 } })
    started.clock.advance(1000)
    await started.change([1, 2], { passive: { failures: 1, retryAfterMs: 3000 } })
    expect(picked(started)).not.toContain(one)
    started.clock.advance(2000)
    expect(picked(started)).toContain(one)
  })

  test('is another one once its time is over', async () => {
    using started = await startPool([1, 2])
    const [one] = backendsOf(started)
    await started.change([2])
    started.clock.advance(5000)
    await started.change([1, 2])
    expect(started.pool.backends[0]).not.toBe(one)
  })

  test('gets no more time by being removed again while it leaves', async () => {
    using started = await startPool([1, 2])
    const [one] = backendsOf(started)
    const { socket } = started.ask(one)!
    await started.change([2])
    started.clock.advance(3000)
    started.pool.retire()
    started.clock.advance(2000)
    expect(socket.isOpen).toBe(false)
  })
})

describe('a pool that is removed', () => {
  test('goes on with its backends when it comes back in time', async () => {
    using started = await startPool([1, 2])
    const [one, two] = backendsOf(started)
    const { socket } = started.ask(one)!
    started.pool.retire()
    expect(started.pool.isGone).toBe(false)
    started.clock.advance(4000)
    await started.change([1, 2])
    started.clock.advance(5000)
    expect([socket.isOpen, picked(started)]).toEqual([true, new Set([one, two])])
  })

  test('is gone when its last backend is', async () => {
    using started = await startPool([1])
    started.pool.retire()
    started.clock.advance(5000)
    expect(started.pool.isGone).toBe(true)
  })

  test('shows strategies the share of whoever starts slowly, and of tiers', async () => {
    const slowStart = { windowMs: 1000, curve: 1, floor: 0.1, graceMs: 0 }
    using started = await startPool([1, 2], { slowStart })
    const weights = () => backendsOf(started).map(({ candidate }) => candidate.weight)
    expect(weights()).toEqual([0.1, 0.1])
    started.clock.advance(500)
    expect(weights()).toEqual([0.5, 0.5])
    started.clock.advance(500)
    const members = [1, 2, 3, 4].map((port) => makeMember(port, { tier: port > 2 ? 1 : 0, isDraining: port === 2 }))
    await started.change([], { members, slowStart: undefined })
    expect(picked(started).size).toBe(3)
    const [one, two, three, four] = started.pool.backends
    expect([one, two, three, four].map((backend) => backend?.use)).toEqual(['used', 'out', 'used', 'used'])
    expect(one?.candidate.weight).toBe(1)
    expect([three, four].map((backend) => backend?.candidate.weight)).toEqual([
      expect.closeTo(0.3 / 0.7 / 2, 9),
      expect.closeTo(0.3 / 0.7 / 2, 9),
    ])
  })

  test('keeps the parts of its tiers while a share grows', async () => {
    const slowStart = { windowMs: 1000, curve: 1, floor: 0.1, graceMs: 100 }
    const members = (...draining: readonly number[]) =>
      [1, 2, 3].map((port) => makeMember(port, { tier: port > 2 ? 1 : 0, isDraining: draining.includes(port) }))
    using started = await startPool([], { slowStart, members: members(1, 2) })
    const [one, , three] = started.pool.backends
    started.clock.advance(100)
    await started.change([], { slowStart, members: members(2) })
    for (const ms of [0, 300, 300, 400]) {
      started.clock.advance(ms)
      picked(started)
      const weights = [one?.weight ?? 0, three?.weight ?? 0] as const
      expect(weights[1] / (weights[0] + weights[1])).toBeCloseTo(0.3, 9)
    }
  })

  test('tells once that it uses who is held out, and once that it does no more', async () => {
    using started = await startPool([1], { passive })
    const [one] = started.pool.backends as readonly [Backend]
    refuse(started, one)
    expect(started.events.map(({ kind }) => kind)).toEqual(['backend-down'])
    expect(picked(started)).toEqual(new Set([one]))
    expect(started.events.at(-1)).toEqual({
      kind: 'pool-degraded',
      pool: 'web',
      cause: 'nobody-left',
      detail: `${one.id} is used though held out: connects fail everywhere, and somebody has to be tried`,
    })
    expect(started.pool.degraded?.cause).toBe('nobody-left')
    started.clock.advance(1000)
    expect(picked(started)).toEqual(new Set([one]))
    expect(started.pool.degraded).toBeUndefined()
    const kinds = started.events.map(({ kind }) => kind)
    expect(kinds).toEqual(['backend-down', 'pool-degraded', 'backend-up', 'pool-recovered'])
  })

  test('is in panic under its threshold, whatever checks say, and calm again above it', async () => {
    using started = await startPool([1, 2, 3], { health, panicThreshold: 0.5 })
    const { pool, events } = started
    const fail = (backend: Backend) => (backend.facts.checks = { kind: 'failing', since: 0, cause: '503' })
    const [one, two] = backendsOf(started)
    for (const backend of [one, two]) fail(backend)
    await started.change([1, 2, 3], { health, panicThreshold: 0.5 })
    expect(picked(started).size).toBe(3)
    expect(pool.degraded).toEqual({
      cause: 'panic',
      detail: `${one.id} and ${two.id} are used though held out: only 1 of 3 are usable, fewer than panicThreshold demands`,
    })
    await started.change([1, 2, 3], { health, panicThreshold: 0.3 })
    expect(picked(started).size).toBe(1)
    expect(events.map(({ kind }) => kind).slice(-2)).toEqual(['pool-degraded', 'pool-recovered'])
  })
})
