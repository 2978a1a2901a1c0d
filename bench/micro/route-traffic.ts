/** What it costs to count one request by route, backend, method and status, with its times: `bun bench/micro/route-traffic.ts`. */
import { bench, do_not_optimize, run } from 'mitata'
import { systemClock } from '../../core/clock.ts'
import { BackendLatency } from '../../core/observe/histogram.ts'
import { methodClassOf, RouteTraffic } from '../../core/observe/route-traffic.ts'
import { seededRandom } from '../../core/random.ts'

const random = seededRandom(1)
const timesMs = Float64Array.from({ length: 4096 }, () => Math.exp(random() * 6 - 1))
const heads = ['GET', 'POST', 'OPTIONS', 'PROPFIND'].map((method) => Buffer.from(`${method} / HTTP/1.1`))
const backends = Array.from({ length: 1000 }, () => ({ latency: new BackendLatency({ generation: 0 }) }))
const traffic = new RouteTraffic()
let turn = 0

/** All that metrics add to a request over a kept connection. */
function count(head: Buffer): void {
  turn += 1
  const elapsedMs = timesMs[turn & 4095] as number
  const backend = backends[turn % 1000] as (typeof backends)[0]
  do_not_optimize(systemClock.now())
  const method = methodClassOf(head, 0, head.indexOf(32))
  backend.latency.recordHead(elapsedMs)
  traffic.end(method, 200, backend, elapsedMs)
}

for (const head of heads) bench(head.toString('latin1', 0, head.indexOf(32)), () => count(head))
await run()
