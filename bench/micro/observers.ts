/** What breaker and ejection add to the balancing of one request, in a pool of ten: `bun bench/micro/observers.ts`. */
import { bench, run } from 'mitata'
import type { AttemptObserver } from '../../core/balance/attempt.ts'
import { Balancer } from '../../core/balance/balancer.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { Breakers } from '../../core/health/breakers.ts'
import { Ejections } from '../../core/health/ejections.ts'
import { seededRandom } from '../../core/random.ts'
import p2c from '../../plugins/p2c.ts'
import { makeBackend } from '../../test/support/make-backend.ts'
import { usualBreaker, usualEjection } from '../../test/support/policies.ts'

const backends = Array.from({ length: 10 }, (_, index) => makeBackend(index + 1))
const random = seededRandom(1)
const services = { backends: () => backends, clock, random, onChange: () => undefined }
const breakers = new Breakers({ ...services, policy: usualBreaker })
const ejections = new Ejections({ ...services, policy: usualEjection })
ejections.update(usualEjection)

const client = { address: '192.0.2.1', zone: undefined, place: undefined }
const completed = { kind: 'completed', status: 200, elapsedMs: 1 } as const
const fail = (what: unknown): never => {
  throw new Error(String(what))
}

function requests(observers: readonly AttemptObserver[]): () => void {
  const strategy = p2c.create(p2c.parse(undefined))
  const balancer = new Balancer({ strategy, reports: { onFault: fail, onSlow: () => undefined }, clock, observers })
  balancer.update(backends)
  let now = clock.now()
  return () => {
    now += 0.01
    const backend = balancer.pick({ key: undefined, client, now, wallTime: now, random }, [])
    if (backend === undefined) return
    const attempt = balancer.begin(backend, now)
    attempt.respond(200, now)
    attempt.end(completed, now)
  }
}

bench('neither', requests([]))
bench('a breaker', requests([breakers]))
bench('ejection', requests([ejections]))
bench('both', requests([ejections, breakers]))
await run()
ejections.stop()
