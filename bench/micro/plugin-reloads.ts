/**
 * Memory and time of saving a strategy file again and again: `bun bench/micro/plugin-reloads.ts [count]`. Every version is
 * examined in a worker, loaded, swapped in, and asked; every tenth is broken. Resident memory is after a full collection.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Balancer } from '../../core/balance/balancer.ts'
import { LiveStrategy, readyStrategy } from '../../core/strategy/live.ts'
import { trialsApart } from '../../core/lab/examine-apart.ts'
import { createPluginHost } from '../../core/strategy/host.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { makeBackend } from '../../test/support/make-backend.ts'

const count = Number(process.argv[2] ?? 1000)
const folder = mkdtempSync(join(tmpdir(), 'smartedge-reloads-'))
const file = join(folder, 'main.ts')
const helper = join(folder, 'helper.ts')

/** About 10 KB, so that a copy kept by mistake shows. */
const padding = Array.from(
  { length: 200 },
  (_, index) => `export const value${index} = 'some text to be kept ${index}'`,
)

function save(version: number): void {
  writeFileSync(helper, `${padding.join('\n')}\nexport const number = ${version}\n`)
  const body = version % 10 === 9 ? 'oh no' : `{ pick: (candidates) => candidates[number % candidates.length] }`
  writeFileSync(
    file,
    `import { number } from './helper.ts'
    export default { apiVersion: 2, name: 'mine', parse: (raw) => raw, create: () => (${body}) }`,
  )
}

const residentMb = (): number => {
  Bun.gc(true)
  return process.memoryUsage.rss() / 1e6
}

save(0)
const host = createPluginHost({ clock, examine: trialsApart(clock) })
const ready = await readyStrategy(host, file, undefined)
const balancer: Balancer = new Balancer({
  strategy: ready.strategy,
  reports: {
    onFault: (what, error) => live.onFault(what, error),
    onSlow: (msPerRequest) => live.onSlow(msPerRequest),
  },
  clock,
  observers: [],
})
const live = new LiveStrategy({
  ready,
  balancer,
  host,
  watch: host.watch.ofPool('mine', () => file),
  clock,
  onEvent: () => undefined,
})
balancer.update([1, 2, 3].map((port) => makeBackend(port)))
const client = { address: '192.0.2.1', zone: undefined, place: undefined }
const context = { key: undefined, client, now: 0, wallTime: 0, random: seededRandom(1) }

const times: number[] = []
let refused = 0
try {
  for (let version = 1; version <= count; version += 1) {
    save(version)
    const begunAt = clock.now()
    const next = await live.prepare(file, undefined).catch(() => undefined)
    if (next === undefined) refused += 1
    else live.take(next)
    times.push(clock.now() - begunAt)
    for (let pick = 0; pick < 100; pick += 1) balancer.pick(context, [])
    if (version === 1 || version % Math.ceil(count / 10) === 0) {
      console.log(`${String(version).padStart(6)} reloads  ${residentMb().toFixed(1)} MB resident`)
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
const sorted = times.toSorted((one, other) => one - other)
const at = (ratio: number): string => (sorted[Math.floor(ratio * (sorted.length - 1))] ?? 0).toFixed(1)
console.log(`${refused} refused; a reload takes ${at(0.5)} ms (median), ${at(0.99)} ms (p99)`)
