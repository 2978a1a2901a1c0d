/** What watching costs the balancer: CPU per frame with 50 backends under traffic, made, turned into JSON and encoded. */
import { createFeed } from '../../core/report/feed.ts'
import { BackendLatency } from '../../core/observe/histogram.ts'
import { seededRandom } from '../../core/random.ts'
import { fakeBackend, fakeEdge, fakeProcess } from '../../test/support/edge-view.ts'
import { virtualClock } from '../../test/support/virtual-clock.ts'
const frames = 2000
const random = seededRandom(1)

for (const count of [10, 50, 100, 1000]) {
  const latencies = Array.from({ length: count }, () => new BackendLatency({ generation: 0 }))
  const edge = fakeEdge(latencies.map((latency, index) => fakeBackend({ id: `10.0.0.${index}:8080`, latency })))
  const clock = virtualClock()
  const encoder = new TextEncoder()
  let [bytes, seen, spentMicros, intervalMs] = [0, 0, 0, 0]
  let startedAt = process.cpuUsage()
  const leave = createFeed({ view: () => edge, process: () => fakeProcess, clock }).subscribe((frame) => {
    intervalMs = frame.intervalMs
    bytes += encoder.encode(JSON.stringify(frame)).length
    seen += 1
  })
  const rounds = Math.ceil((frames * 10) / count)
  for (let round = 0; round < rounds; round++) {
    for (const latency of latencies) for (let one = 0; one < 25; one++) latency.record(2 + random() * 30)
    startedAt = process.cpuUsage()
    clock.advance(intervalMs)
    const { user, system } = process.cpuUsage(startedAt)
    spentMicros += user + system
  }
  leave()
  const perFrame = spentMicros / seen
  const core = (perFrame / (intervalMs * 1000)) * 100
  console.log(
    `${count} backends: ${perFrame.toFixed(0)} µs and ${(bytes / seen / 1024).toFixed(1)} KiB a frame, ${core.toFixed(2)} % of a core`,
  )
}
