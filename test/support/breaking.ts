/** Two backends with breakers, on virtual time. */
import type { Backend } from '../../core/backend/backend.ts'
import type { BreakerPolicy } from '../../core/backend/breaker.ts'
import { NO_RULE } from '../../core/backend/standing.ts'
import { beginAttempt } from '../../core/balance/attempt.ts'
import { settle } from '../../core/balance/eligible.ts'
import { Breakers } from '../../core/health/breakers.ts'
import { seededRandom } from '../../core/random.ts'
import type { Outcome } from '../../core/strategy/strategy.ts'
import { makeBackend } from './make-backend.ts'
import { poolOfAttempts } from './pool-of-attempts.ts'
import { virtualClock } from './virtual-clock.ts'

export const breakerPolicy: BreakerPolicy = {
  failures: { causes: ['connect', 'timeout', 'reset', 'protocol'], statuses: [{ from: 500, to: 599 }] },
  windowMs: 10_000,
  minRequests: 10,
  errorRatio: 0.5,
  failuresInRow: undefined,
  slowCalls: undefined,
  openTimeMs: 1000,
  maxOpenTimeMs: 8000,
  jitterRatio: 0,
  trials: 2,
}

/** Two backends, of which attempts are made; reckoned up after each change, as a pool does. */
export function breaking(changes: Partial<BreakerPolicy> = {}, seed = 1) {
  const clock = virtualClock(5000)
  const backends = [makeBackend(1), makeBackend(2)] as [Backend, Backend]
  const told: string[] = []
  const reckon = () => {
    for (const backend of backends) backend.reckon(NO_RULE, clock.now())
    for (const { backend, use } of settle(backends, { maxEjected: 0.5, panicThreshold: 0 }).placed) backend.use = use
  }
  const breakers = new Breakers({
    policy: { ...breakerPolicy, ...changes },
    backends: () => backends,
    clock,
    random: seededRandom(seed),
    onChange: (backend, detail) => {
      told.push(`${backend.id.slice(-1)} ${detail}`)
      reckon()
    },
  })
  const pool = poolOfAttempts([breakers])
  const begin = (backend: Backend) => beginAttempt(backend, pool, clock.now())
  /** An attempt that takes `ms`. */
  function serve(backend: Backend, status: number, ms = 0): void {
    const attempt = begin(backend)
    clock.advance(ms)
    attempt.respond(status, clock.now())
    attempt.end({ kind: 'completed', status, elapsedMs: ms }, clock.now())
  }
  function fail(backend: Backend, outcome: Outcome = { kind: 'failed', cause: 'reset', elapsedMs: 0 }): void {
    begin(backend).end(outcome, clock.now())
  }
  function serveMany(backend: Backend, statuses: readonly number[]): void {
    for (const status of statuses) serve(backend, status)
  }
  breakers.update({ ...breakerPolicy, ...changes })
  reckon()
  return { backends, begin, breakers, clock, fail, reckon, serve, serveMany, told }
}

/** Half of them count as failures. */
export const mixed = [200, 500, 200, 503, 200, 500, 200, 500, 200, 500]
export const stateOf = ({ facts }: Backend): string => facts.breaker.kind
