/**
 * What 10,000 members cost that are found at once, and all replaced: memory, how long until it is told (which is up to a second
 * after it counts), and how long a request to another pool waits for it at most. `bun test/e2e/found-thousands.ts [members]`.
 */
import { startListServer } from '../support/list-server.ts'
import { freePorts } from '../support/ports.ts'
import { startProcess } from '../support/running-process.ts'

const count = Number(process.argv[2] ?? 10_000)
const listOf = (net: number): string[] =>
  Array.from({ length: count }, (_, index) => `http://10.${net}.${index >> 8}.${index & 255}:80`)

await using registry = startListServer()
const [port = 0] = freePorts(1)
using backend = Bun.serve({ hostname: '127.0.0.1', port, fetch: () => new Response('ok') })
await using edge = await startProcess({
  pool: { backends: [backend.url.origin] },
  config: {
    pools: {
      web: { backends: [backend.url.origin] },
      many: { discovery: [{ http: { url: registry.url, interval: '100ms' } }] },
    },
    routes: [{ pool: 'web' }],
  },
})
await edge.event('ready')

const pages: { readonly at: number; readonly ms: number }[] = []
const state = { isOver: false }
const asking = (async () => {
  while (!state.isOver) {
    const at = performance.now()
    await (await fetch(`http://127.0.0.1:${edge.port}/`)).text()
    pages.push({ at, ms: performance.now() - at })
  }
})()
const worst = (from: number): number => Math.max(...pages.filter(({ at }) => at >= from).map(({ ms }) => ms))
const memory = async (): Promise<number> => {
  const text = await Bun.file(`/proc/${edge.child.pid}/status`).text()
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024
}

await Bun.sleep(2000)
const before = await memory()
console.log(`nobody: ${before.toFixed(0)} MiB, a request takes ${worst(0).toFixed(1)} ms at most`)
for (let net = 1; net <= 3; net += 1) {
  const from = performance.now()
  registry.list(listOf(net))
  const changed = { added: 0, removed: 0 }
  while (changed.added < count || changed.removed < (net === 1 ? 0 : count)) {
    const { added, removed } = await edge.event('discovery-changed')
    changed.added += Number(added)
    changed.removed += Number(removed)
  }
  const ms = performance.now() - from
  const more = (await memory()) - before
  const times = `told after ${ms.toFixed(0)} ms, a request takes ${worst(from).toFixed(1)} ms at most`
  console.log(`${changed.added} come, ${changed.removed} go: ${times}, ${more.toFixed(0)} MiB more`)
}
state.isOver = true
await asking
