// Time and size of one scrape at 1,000 backends that all had traffic: `bun bench/micro/metrics.ts`.
import { BackendLatency } from '../../core/observe/histogram.ts'
import { renderMetrics } from '../../core/report/metrics.ts'
import { fakeBackend, fakeEdge, fakeProcess } from '../../test/support/edge-view.ts'
const backends = Array.from({ length: 1000 }, (_, index) => {
  const latency = new BackendLatency({ generation: 0 })
  latency.record(index / 10)
  return fakeBackend({ id: `10.0.${index >> 8}.${index & 255}:8080`, latency })
})
const edge = fakeEdge(backends)
const scrape = () => {
  const start = performance.now()
  const { length } = renderMetrics(edge, fakeProcess)
  return { elapsedMs: performance.now() - start, length }
}
const runs = Array.from({ length: 20 }, scrape).sort((a, b) => a.elapsedMs - b.elapsedMs)
console.log(`median ${runs[10]?.elapsedMs.toFixed(1)} ms, ${((runs[0]?.length ?? 0) / 1024).toFixed(0)} KiB`)
