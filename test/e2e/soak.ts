/**
 * `bun test/e2e/soak.ts [minutes]`: a process under modest load of every kind, clients that reset and half-close among it.
 * Prints each half minute what it takes; at its end what is still open when everybody has gone. Exits with 1 when a
 * client lost something or got other bytes. What is to be tried on it stands in the environment, such as
 * `BUN_JSC_collectContinuously=1` or `SMARTEDGE_TRANSPORT=bun`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { connectTo, get } from '../support/raw-client.ts'
import { startProcess } from '../support/running-process.ts'
import { startSteadyBackend } from '../support/steady-load.ts'

const [minutes = '20'] = process.argv.slice(2)
const backend = startSteadyBackend()
await using edge = await startProcess({ pool: { backends: [`http://127.0.0.1:${backend.port}`] } })
await edge.event('ready')
const url = `http://127.0.0.1:${edge.port}`
const upload = 'u'.repeat(300 * 1024)
const downloadBytes = 512 * 1024

const done: Record<string, number> = {}
const failures: Record<string, number> = {}
const state = { isOver: false }

async function expectText(text: string, init?: RequestInit): Promise<void> {
  const got = await (await fetch(url, init)).text()
  if (got !== text) throw new Error(`got ${got.slice(0, 40)}`)
}

const kinds: Readonly<Record<string, () => Promise<void>>> = {
  kept: () => expectText('ok'),
  oneShot: () => expectText('ok', { headers: { connection: 'close' } }),
  upload: () => expectText(String(upload.length), { method: 'POST', body: upload }),
  async download() {
    const bytes = await (await fetch(`${url}/download`)).bytes()
    if (bytes.length !== downloadBytes || bytes.some((byte) => byte !== 0)) throw new Error('got other bytes')
  },
  async reset() {
    const client = await connectTo(edge.port)
    client.send(get('/download'))
    await client.expectCount(1)
    client.reset()
  },
  async halfClose() {
    const client = await connectTo(edge.port)
    client.send(get())
    client.end()
    await client.expectClosed()
  },
  async tunnel() {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', () => socket.send('x'.repeat(50_000)))
      socket.addEventListener('message', resolve)
      socket.addEventListener('error', reject)
    })
    socket.close()
  },
}

/** Each kind four times, with a rest behind each request. */
async function client([name, ask]: [string, () => Promise<void>]): Promise<void> {
  while (!state.isOver) {
    try {
      await ask()
      done[name] = (done[name] ?? 0) + 1
    } catch (error) {
      const what = `${name}: ${String(error)}`
      failures[what] = (failures[what] ?? 0) + 1
    }
    await Bun.sleep(10)
  }
}

const { pid } = edge.child
const report = (when: string): void => {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  const open = readdirSync(`/proc/${pid}/fd`).length
  process.stdout.write(`${when}: ${rss.toFixed(1)} MiB, ${open} descriptors, ${JSON.stringify(done)}\n`)
}

const all = Object.entries(kinds)
const clients = [...all, ...all, ...all, ...all].map(client)
for (let halfMinutes = 1; halfMinutes <= 2 * Number(minutes); halfMinutes += 1) {
  await Bun.sleep(30_000)
  report(`${halfMinutes / 2} min`)
}
state.isOver = true
await Promise.all(clients)
const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text()
report('all have gone')
process.stdout.write(
  `${metrics.match(/^smartedge_(?:client_connections|tunnels|backend_inflight\S*) .*$/gm)?.join('\n')}\n`,
)
for (const [what, count] of Object.entries(failures)) process.stdout.write(`${count} times ${what}\n`)
await backend.stop()
process.exitCode = Object.keys(failures).length === 0 ? 0 : 1
