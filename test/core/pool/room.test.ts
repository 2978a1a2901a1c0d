/** Balancer and queue together, as a pool of requests: whatever happens, in whatever order. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Verdict } from '../../../core/admission/admission.ts'
import type { Backend } from '../../../core/backend/backend.ts'
import type { Attempt } from '../../../core/balance/attempt.ts'
import type { BreakerPolicy } from '../../../core/backend/breaker.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { Balancer } from '../../../core/balance/balancer.ts'
import type { Cancel } from '../../../core/clock.ts'
import { Breakers } from '../../../core/health/breakers.ts'
import { createBuckets } from '../../../core/observe/buckets.ts'
import { poolLedger } from '../../../core/observe/counters.ts'
import { acquire, queueUp } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { PoolQueue } from '../../../core/pool/queue.ts'
import { loadStrategy } from '../../../core/strategy/load.ts'
import type { Outcome } from '../../../core/strategy/strategy.ts'
import { seededRandom } from '../../../core/random.ts'
import { makeEntrant } from '../../support/entrant.ts'
import { FakeSource, idlePool } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
import { touchyBreaker } from '../../support/policies.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const p2c = await loadStrategy('p2c')

const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 1 }
const reset: Outcome = { kind: 'failed', cause: 'reset', elapsedMs: 1 }

interface Request {
  cancel: Cancel
  state: 'waiting' | 'running' | 'over'
  /** Backends that have failed it. */
  tried: readonly Backend[]
}

interface Running {
  readonly attempt: Attempt
  /** Its request is over, or tried again. */
  onEnd(isGood: boolean): void
}

const breaker: BreakerPolicy = { ...touchyBreaker, failuresInRow: 2, openTimeMs: 300, maxOpenTimeMs: 300 }

/** A pool of so many backends that take two requests each, or one while on trial. */
function pooling(count: number) {
  const clock = virtualClock()
  const due = new Set<{ onTurn(): void }>()
  const sources = Array.from({ length: count }, (_, index) => new FakeSource(makeBackend(index + 1), 0))
  const backends = sources.map(({ backend }) => backend)
  let usable: readonly Backend[] = backends
  let bound = Infinity
  const balancer = new Balancer({
    strategy: p2c.create(p2c.parse(undefined)),
    reports: { onFault: (what) => expect(what).toBe('nothing'), onSlow: () => undefined },
    clock,
    observers: [],
    onRoom: () => queue.wake(),
  })
  const breakers = new Breakers({
    policy: breaker,
    backends: () => usable,
    clock,
    random: seededRandom(count),
    onChange(backend) {
      backend.reckon(NO_RULE, clock.now())
      balancer.update(usable)
    },
  })
  balancer.configure({ maxEjected: 1, panicThreshold: 0 }, [breakers])
  const queue = new PoolQueue({
    clock,
    turns: { next: (waiting) => due.add(waiting) },
    counters: poolLedger.create(),
    waits: createBuckets(),
    hasRoom: (tried) => balancer.hasRoom(tried),
    onFull: () => undefined,
  })
  queue.update({ length: 5, timeoutMs: 1000, order: 'fifo' })
  for (const backend of backends) {
    backend.onRoomChange = () => balancer.updateRoom(backend)
    backend.limit(2)
  }
  breakers.update(breaker)
  balancer.update(backends)
  const connections = new Map(sources.map((source) => [source.backend, source]))
  const pool: Pool = {
    name: 'web',
    balancer,
    queue,
    affinity: [{ kind: 'client' }],
    sticky: undefined,
    ...idlePool(),
    connections,
  }
  const context = contextOf({ random: seededRandom(count) })
  const requests: Request[] = []
  const running: Running[] = []
  let answered = 0

  const hasRoomFor = ({ tried }: Request): boolean =>
    balancer.inflight < bound && usable.some((backend) => isTaking(backend) && !tried.includes(backend))

  const waiting = (): Request[] => requests.filter(({ state }) => state === 'waiting')

  /** `home`: whom its session is with; none of them: it has none. */
  function arrive(priority: number, home: number): void {
    const backend = backends[home]
    const session = backend && { backend, settle: () => undefined }
    const request: Request = { cancel: () => undefined, state: 'over', tried: [] }
    requests.push(request)

    function take(hasQueued: boolean): void {
      const { tried } = request
      const isOvertaken = waiting().some(hasRoomFor)
      const mayWait = balancer.hasUsable(tried) && (tried.length === 0 || queue.hasPlace(priority))
      const acquired = acquire(pool, context, { tried, priority, hasQueued, session, waitedMs: 0 }, 'any')
      if (acquired !== undefined) {
        if (!hasQueued && mayWait) expect(isOvertaken).toBe(false)
        expect(tried).not.toContain(acquired.backend)
        return begin(acquired.backend)
      }
      const verdict = queueUp(pool, hasQueued, makeEntrant({ priority, tried }))
      request.state = 'waiting'
      if (verdict?.kind === 'later') request.cancel = verdict.wait(decide)
      else answer()
    }
    function decide(verdict: Verdict): void {
      expect(request.state).toBe('waiting')
      request.state = 'over'
      if (verdict.kind === 'admitted') take(true)
      else answer()
    }
    function answer(): void {
      request.state = 'over'
      answered += 1
    }
    function begin(backend: Backend): void {
      request.state = 'running'
      const onEnd = (isGood: boolean): void => {
        request.state = 'over'
        request.tried = [...request.tried, backend]
        if (isGood || !balancer.hasUsable(request.tried)) answer()
        else take(false)
      }
      running.push({ attempt: balancer.begin(backend, clock.now()), onEnd })
      expect(usable).toContain(backend)
      const { breaker: fact } = backend.facts
      if (backend.use === 'trial') expect(fact).toMatchObject({ kind: 'half-open', underWay: 1 })
      expect(backend.inflight).toBeLessThanOrEqual(backend.maxInflight)
      expect(balancer.inflight).toBeLessThanOrEqual(bound)
    }
    take(false)
  }

  function leave(at: number): void {
    const line = waiting()
    const request = line[at % line.length]
    if (request === undefined) return
    request.cancel()
    request.state = 'over'
    answered += 1
  }

  function end(at: number, isGood: boolean): void {
    const [one] = running.splice(at % Math.max(1, running.length), 1)
    one?.attempt.end(isGood ? completed : reset, clock.now())
    one?.onEnd(isGood)
  }

  function turn(): void {
    while (due.size > 0) {
      for (const one of due) {
        due.delete(one)
        one.onTurn()
      }
    }
  }

  return {
    arrive,
    leave,
    end,
    turn,
    pass: (ms: number) => clock.advance(ms),
    limitBackend: (at: number, most: number) => backends[at % count]!.limit(most),
    limitPool: (most: number) => balancer.bound((bound = most)),
    /** Who stays of the backends. */
    keep(some: readonly boolean[]) {
      usable = backends.filter((_, index) => some[index] !== false)
      balancer.update(usable)
    },
    check() {
      const hasRoom = balancer.hasUsable() && usable.some(isTaking) && balancer.inflight < bound
      expect(balancer.hasRoom()).toBe(hasRoom)
      if (balancer.hasUsable()) expect(waiting().filter(hasRoomFor)).toEqual([])
      expect(queue.length).toBe(waiting().length)
    },
    finish() {
      while (running.length > 0) {
        end(0, true)
        turn()
      }
      clock.advance(5000)
      turn()
      expect(answered).toBe(requests.length)
      expect([balancer.inflight, queue.length, clock.pending()]).toEqual([0, 0, 0])
      expect(backends.map(({ inflight }) => inflight)).toEqual(backends.map(() => 0))
    },
  }
}

const isTaking = ({ use, hasRoom }: Backend): boolean => use !== 'out' && hasRoom

type Pooling = ReturnType<typeof pooling>
type Step = (pool: Pooling) => void

const step = fc.oneof<{ arbitrary: fc.Arbitrary<Step>; weight: number }[]>(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(2), fc.nat(7)).map(
      ([priority, home]) =>
        (pool) =>
          pool.arrive(priority, home),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(), fc.boolean()).map(
      ([at, isGood]) =>
        (pool) =>
          pool.end(at, isGood),
    ),
  },
  { weight: 1, arbitrary: fc.nat().map((at) => (pool) => pool.leave(at)) },
  { weight: 1, arbitrary: fc.nat(700).map((ms) => (pool) => pool.pass(ms)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 })).map(
      ([at, most]) =>
        (pool) =>
          pool.limitBackend(at, most),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, 3, 6, Infinity).map((most) => (pool) => pool.limitPool(most)) },
  { weight: 1, arbitrary: fc.array(fc.boolean(), { maxLength: 4 }).map((some) => (pool) => pool.keep(some)) },
)

test('a pool never has more under way than it may, keeps nobody waiting while there is room, and loses nobody', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { minLength: 50, maxLength: 150 }), (count, steps) => {
      const pool = pooling(count)
      for (const one of steps) {
        one(pool)
        pool.turn()
        pool.check()
      }
      pool.finish()
    }),
    { seed: 20_261_126, numRuns: 150 },
  )
})
