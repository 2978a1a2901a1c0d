/**
 * Scrapes of 1,000 backends with traffic, of 10,000 with and 10,000 without: `bun bench/micro/metrics.ts`. Size, CPU time of
 * this thread in all, and that of the longest slice, which is what a scrape holds traffic up for: of the first, while
 * nothing is compiled yet, and the worst of the others.
 */
import { dlopen, ptr } from 'bun:ffi'
import { BackendLatency } from '../../core/observe/histogram.ts'
import { RouteTraffic } from '../../core/observe/route-traffic.ts'
import { renderMetrics } from '../../core/report/metrics.ts'
import { fakeBackend, fakeEdge, fakePool, fakeProcess } from '../../test/support/edge-view.ts'

const CLOCK_THREAD_CPUTIME_ID = 3
const libc = dlopen('libc.so.6', { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } })
const time = new BigInt64Array(2)

/** Whoever else uses the processor is not to be seen. */
function cpuMs(): number {
  libc.symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, ptr(time))
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6
}

function edgeOf(count: number, isBusy: boolean) {
  const traffic = new RouteTraffic()
  const backends = Array.from({ length: count }, (_, index) => {
    const latency = new BackendLatency({ generation: 0 })
    const backend = fakeBackend({ id: `10.0.${index >> 8}.${index & 255}:8080`, latency })
    if (!isBusy) return backend
    latency.record(index / 10)
    latency.recordHead(index / 20)
    latency.recordConnect(index / 100)
    traffic.end(0, 200, backend, index / 10)
    return Object.assign(backend, { counters: { ...backend.counters, requests: index + 1 } })
  })
  const route = { key: 'r', match: '*', pool: 'web', requests: count, refused: 0, traffic }
  return fakeEdge([], { pools: [fakePool(backends)], routes: [route] })
}

function scrape(edge: ReturnType<typeof edgeOf>) {
  const slices = renderMetrics({ edge, process: fakeProcess }, 'openmetrics')
  let [length, count, longestMs, totalMs] = [0, 0, 0, 0]
  for (;;) {
    const start = cpuMs()
    const { done, value } = slices.next()
    if (done === true) return { length, count, longestMs, totalMs }
    Buffer.from(value)
    const elapsedMs = cpuMs() - start
    length += value.length
    count += 1
    totalMs += elapsedMs
    longestMs = Math.max(longestMs, elapsedMs)
  }
}

for (const [name, edge] of [
  ['1,000 with traffic', edgeOf(1000, true)],
  ['10,000 with traffic', edgeOf(10_000, true)],
  ['10,000 without', edgeOf(10_000, false)],
] as const) {
  const [first, ...others] = Array.from({ length: 15 }, () => scrape(edge))
  if (first === undefined) continue
  const { length, count } = first
  const worst = (key: 'totalMs' | 'longestMs'): number => Math.max(...others.map((run) => run[key]))
  console.log(
    `${name}: ${(length / 1024 ** 2).toFixed(1)} MiB in ${count} slices, ${worst('totalMs').toFixed(0)} ms; ` +
      `longest slice ${first.longestMs.toFixed(2)} ms at first, ${worst('longestMs').toFixed(2)} ms later`,
  )
}
