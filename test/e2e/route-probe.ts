/**
 * How long a new HTTPRoute takes until a request to it is answered, and what clients lose meanwhile: as gateway-api-bench asks
 * it (https://github.com/howardjohn/gateway-api-bench, `tests/probe.sh`), one route after the other, each asked until its 404
 * becomes a 200. A stand-in is the API server. Beside it, how long a request to another route waits at most.
 * `bun test/e2e/route-probe.ts [routes]`.
 */
import { endpoint, startKubernetes } from '../support/kubernetes.ts'
import { startProcess } from '../support/running-process.ts'

const count = Number(process.argv[2] ?? 3000)

using backend = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('ok') })
await using kubernetes = startKubernetes()
kubernetes.apply('services', { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } })
kubernetes.apply('endpointslices', {
  metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ port: backend.port }],
  endpoints: [endpoint('127.0.0.1')],
})
const route = (host: string): void =>
  kubernetes.apply('httproutes', {
    metadata: { name: host.replace('.', '-') },
    spec: {
      parentRefs: [{ name: 'edge' }],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
    },
  })
route('first.test')
await using edge = await startProcess({
  pool: {},
  config: { pools: undefined, providers: { kubernetes: { routes: 'gateway', address: kubernetes.url } } },
})
await edge.event('ready')

const url = `http://127.0.0.1:${edge.port}/`
const statusOf = async (host: string): Promise<number> => {
  const response = await fetch(url, { headers: { host } })
  await response.arrayBuffer()
  return response.status
}
const cpu = async (): Promise<number> => {
  const stat = await Bun.file(`/proc/${edge.child.pid}/stat`).text()
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) / 100
}

const errors: number[] = []
const others: number[] = []
const state = { isOver: false }
const asking = (async () => {
  while (!state.isOver) {
    const at = performance.now()
    const status = await statusOf('first.test')
    others.push(performance.now() - at)
    if (status !== 200) errors.push(status)
  }
})()

const of = (sorted: readonly number[], part: number): string =>
  `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(0)} ms`
let times: number[] = []
const report = async (done: number, seconds: number): Promise<void> => {
  const sorted = times.toSorted((one, other) => one - other)
  const waits = others.splice(0).toSorted((one, other) => one - other)
  const shown = `median ${of(sorted, 0.5)}, 99 of 100 within ${of(sorted, 0.99)}, worst ${of(sorted, 1)}`
  console.log(
    `${done} routes: ${shown}; ${errors.length} errors; others wait ${of(waits, 0.99)}, ${of(waits, 1)} at most; ${seconds.toFixed(1)} s of CPU`,
  )
  times = []
}

let before = await cpu()
for (let index = 1; index <= count; index += 1) {
  const host = `r${index}.test`
  const at = performance.now()
  route(host)
  for (;;) {
    const status = await statusOf(host)
    if (status === 200) break
    if (status !== 404) errors.push(status)
  }
  times.push(performance.now() - at)
  if (index % Math.ceil(count / 6) !== 0 && index !== count) continue
  const now = await cpu()
  await report(index, now - before)
  before = now
}
state.isOver = true
await asking
