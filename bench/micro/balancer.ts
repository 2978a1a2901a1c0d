/**
 * Time of one request's balancing through the balancer, by strategy and pool size: `bun bench/micro/balancer.ts [strategy …]`.
 * Each pick is begun and an older attempt ended, four in flight per backend. Then what a request costs that finds every
 * backend at its cap, or all but a tenth; one that takes the place which another has just left, all others being full; one
 * in a pool whose backends take one request each, half of them busy; and what a retry costs.
 */
import { bench, do_not_optimize, group, run } from 'mitata'
import type { Attempt } from '../../core/balance/attempt.ts'
import { Balancer } from '../../core/balance/balancer.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { loadStrategy } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { makeBackend } from '../../test/support/make-backend.ts'

const sizes = [10, 100, 1000, 10_000]
const chosen = process.argv.slice(2)
const completed = { kind: 'completed', status: 200, elapsedMs: 1 } as const

async function balancing(name: string, size: number) {
  const plugin = await loadStrategy(name)
  const strategy = plugin.create(plugin.parse(undefined))
  const fail = (what: unknown): never => {
    throw new Error(String(what))
  }
  const balancer = new Balancer({ strategy, reports: { onFault: fail, onSlow: () => undefined }, clock, observers: [] })
  const backends = Array.from({ length: size }, (_, index) => makeBackend(index, { weight: 1 + (index % 3) }))
  balancer.update(backends)
  const random = seededRandom(size)
  const clients = Array.from({ length: 4096 }, (_, index) => ({
    address: `192.0.${index >> 8}.${index & 255}`,
    zone: undefined,
    place: undefined,
  }))
  const keys = clients.map((_, index) => `session-${index}`)
  let count = 0
  const context = () => {
    count += 1
    const client = clients[count & 4095] ?? { address: '', zone: undefined, place: undefined }
    return { key: keys[count & 4095], client, now: count * 0.01, wallTime: count, random }
  }
  const open: Attempt[] = []
  const request = (): void => {
    const backend = balancer.pick(context(), [])
    if (backend === undefined) return
    const slot = count % (4 * size)
    open[slot]?.end(completed, count * 0.01)
    open[slot] = balancer.begin(backend, count * 0.01)
  }
  return { balancer, backends, context, request }
}

/** Backends that take one request each, `busy` of them busy: each request ends the oldest and takes a place that is free. */
async function turnover(name: string, size: number, busy: number): Promise<() => void> {
  const { balancer, backends, context } = await balancing(name, size)
  for (const backend of backends) {
    backend.onRoomChange = () => balancer.updateRoom(backend)
    backend.limit(1)
  }
  const open: Attempt[] = []
  const take = (now: number): Attempt => {
    const backend = balancer.pick(context(), [])
    if (backend === undefined) throw new Error('nobody has room')
    return balancer.begin(backend, now)
  }
  for (let index = 0; index < busy; index += 1) open.push(take(0))
  let count = 0
  return () => {
    count += 1
    open[count % busy]?.end(completed, count * 0.01)
    open[count % busy] = take(count * 0.01)
  }
}

for (const name of shippedStrategies.filter((name) => chosen.length === 0 || chosen.includes(name))) {
  for (const size of sizes) {
    const usual = await balancing(name, size)
    for (let warm = 0; warm < 4 * size; warm += 1) usual.request()
    const { balancer, backends, context } = await balancing(name, size)
    balancer.pick(context(), [])
    const fill = (count: number): void =>
      backends.forEach((backend, index) => {
        backend.room = { hasRoom: index >= count }
        balancer.updateRoom(backend)
      })
    const [atTheCap, halfBusy] = [await turnover(name, size, size), await turnover(name, size, size / 2)]
    group(name, () => {
      bench(`${size} backends`, () => usual.request())
      bench(`${size} backends, a retry`, () => do_not_optimize(usual.balancer.pick(context(), [usual.backends[0]!])))
      bench(`${size} backends, all at their caps`, function* () {
        fill(size)
        yield () => do_not_optimize(balancer.pick(context(), []))
      })
      bench(`${size} backends, nine of ten at their caps`, function* () {
        fill(0.9 * size)
        yield () => do_not_optimize(balancer.pick(context(), []))
      })
      bench(`${size} backends, the place of the last`, atTheCap)
      bench(`${size} backends, half of them busy`, halfBusy)
    })
  }
}
await run()
