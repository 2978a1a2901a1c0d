/**
 * How long a whole edge holds requests up while it finds thousands of members at a URL, and while they are all replaced: the
 * longest turns of its event loop, in CPU time of the thread that serves. `bun bench/micro/found-pauses.ts [members]`.
 */
import { serve } from '../../core/embed.ts'
import type { Wanted } from '../../test/support/list-server-thread.ts'
import { threadClockUs } from '../cpu-clock.ts'

const count = Number(process.argv[2] ?? 10_000)
const ROUNDS = 5
const LONG_MS = 1
const SHOWN = 8

const registry = new Worker(new URL('../../test/support/list-server-thread.ts', import.meta.url).href)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
const list = (wanted: Wanted): void => registry.postMessage(wanted)
const url = await new Promise<string>((resolve) => {
  registry.addEventListener('message', ({ data }: MessageEvent<string>) => resolve(data))
})
const state = { added: 0, isOver: false }
const edge = await serve({
  config: {
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: false,
    // Nobody is there: a request is answered by then.
    routes: [{ pool: 'many', timeouts: { request: '20ms' } }],
    pools: { many: { discovery: [{ http: { url, interval: '100ms' } }] } },
  },
  onEvent: (event) => void (state.added += event.kind === 'discovery-changed' ? event.added : 0),
})

const long: number[] = []
let last = threadClockUs() ?? NaN
const look = (): void => {
  const ms = ((threadClockUs() ?? NaN) - last) / 1000
  if (ms > LONG_MS) long.push(ms)
  last = threadClockUs() ?? NaN
  if (!state.isOver) setImmediate(look)
}
setImmediate(look)

const address = edge.addresses[0]?.address
const port = address?.kind === 'tcp' ? address.port : 0
const asking = (async () => {
  while (!state.isOver) {
    await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
    await Bun.sleep(5)
  }
})()

for (let net = 1; net <= ROUNDS; net += 1) {
  long.length = 0
  const wanted = state.added + count
  list({ net, count })
  while (state.added < wanted) await Bun.sleep(50)
  const longest = long.toSorted((one, other) => other - one).slice(0, SHOWN)
  console.log(
    `${count} ${net === 1 ? 'come' : 'replaced'}: longest turns ${longest.map((ms) => ms.toFixed(1)).join(', ')} ms`,
  )
}
state.isOver = true
await asking
edge.kill()
registry.terminate()
process.exit(0)
