// Cost of one recorded latency, and memory per backend that had traffic: `bun bench/micro/latency.ts`.
import { BackendLatency } from '../../core/observe/histogram.ts'
import { seededRandom } from '../../core/random.ts'
const random = seededRandom(1)
const valuesMs = Float64Array.from({ length: 4096 }, () => Math.exp(random() * 6 - 1))
const window = { generation: 0 }
const backends = Array.from({ length: 1000 }, () => new BackendLatency(window))
Bun.gc(true)
const before = process.memoryUsage.rss()
for (const backend of backends) backend.record(1)
window.generation++
for (const backend of backends) backend.record(1)
const kibPerBackend = (process.memoryUsage.rss() - before) / backends.length / 1024

const one = new BackendLatency(window)
const run = (count: number) => {
  const start = performance.now()
  for (let index = 0; index < count; index++) one.record(valuesMs[index & 4095] ?? 0)
  return ((performance.now() - start) * 1e6) / count
}
run(1_000_000)
const recordNs = Math.min(run(2_000_000), run(2_000_000), run(2_000_000))
const summaryStart = performance.now()
for (const backend of backends) backend.summary()
const summaryUs = performance.now() - summaryStart

console.log(
  `record ${recordNs.toFixed(1)} ns, summary ${summaryUs.toFixed(1)} µs, ${kibPerBackend.toFixed(1)} KiB a backend`,
)
