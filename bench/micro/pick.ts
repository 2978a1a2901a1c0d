/**
 * Time of one request's balancing by strategy and pool size: `bun bench/micro/pick.ts [strategy …]`. Each pick is begun
 * and an older attempt ended, four in flight per backend, so that the work of the hooks is in the figure.
 */
import { bench, do_not_optimize, group, run } from 'mitata'
import { loadStrategy } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import type { AttemptView, Candidate, Candidates, PickContext } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'

const sizes = [4, 32, 100, 1000, 10_000]
const chosen = process.argv.slice(2)

interface MutableCandidate extends Candidate {
  inflight: number
}

interface Begun extends AttemptView {
  readonly candidate: MutableCandidate
}

function pool(size: number): [MutableCandidate, ...MutableCandidate[]] {
  const one = (index: number): MutableCandidate => ({
    id: `10.0.${index >> 8}.${index & 255}:80`,
    weight: 1 + (index % 3),
    inflight: 0,
    zone: `zone-${index % 20}`,
    place: { latitude: (index % 20) * 3, longitude: (index % 20) * 9 },
  })
  return [one(0), ...Array.from({ length: size - 1 }, (_, index) => one(index + 1))]
}

/** One request: pick, begin, and end the oldest attempt. */
async function requestsOn(name: string, size: number): Promise<() => Candidate> {
  const plugin = await loadStrategy(name)
  const strategy = plugin.create(plugin.parse(undefined))
  const candidates: Candidates = pool(size)
  const random = seededRandom(size)
  const clients = Array.from({ length: 65_536 }, (_, index) => ({
    address: `192.0.${index >> 8}.${index & 255}`,
    zone: `zone-${index % 40}`,
    place: { latitude: index % 60, longitude: index % 180 },
  }))
  const keys = clients.map((_, index) => `session-${index}`)
  const open: Begun[] = []
  const outcome = { kind: 'completed', status: 200, elapsedMs: 1 } as const
  let count = 0

  function end(attempt: Begun | undefined): void {
    if (attempt === undefined) return
    attempt.candidate.inflight -= 1
    strategy.onResponse?.(attempt, 200, count * 0.01)
    strategy.onEnd?.(attempt, outcome, count * 0.01)
  }

  return () => {
    count += 1
    const client = clients[count & 65_535] ?? { address: '', zone: undefined, place: undefined }
    const context: PickContext = { key: keys[count & 65_535], client, now: count * 0.01, wallTime: count, random }
    const picked = strategy.pick(candidates, context) as MutableCandidate
    const { now: startedAt } = context
    const attempt = Object.freeze({ candidate: picked, startedAt, inflightBefore: picked.inflight, isRetry: false })
    picked.inflight += 1
    strategy.onStart?.(attempt)
    const slot = count % (4 * size)
    end(open[slot])
    open[slot] = attempt
    return picked
  }
}

for (const name of shippedStrategies.filter((name) => chosen.length === 0 || chosen.includes(name))) {
  for (const size of sizes) {
    const request = await requestsOn(name, size)
    for (let warm = 0; warm < 4 * size; warm += 1) request()
    group(name, () => bench(`${size} backends`, () => do_not_optimize(request())))
  }
}
await run()
