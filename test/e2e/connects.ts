/**
 * `bun test/e2e/connects.ts [thousands]`: clients that connect for one request each, or for none: they ask and are closed, ask and
 * half-close, say nothing and leave, reset. Prints each tenth what the process takes; at its end what is
 * still open. Exits with 1 when an answer was missing or something is left.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { get } from '../support/raw-client.ts'
import { startProcess } from '../support/running-process.ts'
import { startSteadyBackend } from '../support/steady-load.ts'

const [thousands = '1000'] = process.argv.slice(2)
const total = Number(thousands) * 1000
const AT_ONCE = 64

const backend = startSteadyBackend()
await using edge = await startProcess({ pool: { backends: [`http://127.0.0.1:${backend.port}`] } })
await edge.event('ready')

type Manner = 'closed' | 'half-closed' | 'left' | 'reset'
const MANNERS: readonly Manner[] = ['closed', 'left', 'half-closed', 'reset']
const done: Record<Manner, number> = { closed: 0, 'half-closed': 0, left: 0, reset: 0 }
const failures: Record<string, number> = {}

/** What a client has heard so far. */
interface Client {
  readonly manner: Manner
  text: string
  readonly over: () => void
}

const handlers: Bun.SocketHandler<Client> = {
  open(socket) {
    const { manner } = socket.data
    if (manner === 'left') socket.end()
    else if (manner === 'reset') socket.terminate()
    else {
      socket.write(get('/', 'Connection: close\r\n'))
      if (manner === 'half-closed') socket.shutdown()
    }
  },
  data(socket, bytes) {
    socket.data.text += bytes.toString('latin1')
  },
  end: (socket) => void socket.end(),
  close: (socket) => socket.data.over(),
  connectError: (socket) => socket.data.over(),
}

async function connect(manner: Manner): Promise<void> {
  const over = Promise.withResolvers<void>()
  const client: Client = { manner, text: '', over: over.resolve }
  await Bun.connect({
    hostname: '127.0.0.1',
    port: edge.port,
    data: client,
    allowHalfOpen: true,
    socket: handlers,
  }).catch(() => undefined)
  await over.promise
  const isAsking = manner === 'closed' || manner === 'half-closed'
  if (isAsking && !/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/.test(client.text)) {
    const what = `${manner}: ${client.text.slice(0, 60) || 'no answer'}`
    failures[what] = (failures[what] ?? 0) + 1
  }
  done[manner] += 1
}

const { pid } = edge.child
const report = (when: string): void => {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  const open = readdirSync(`/proc/${pid}/fd`).length
  process.stdout.write(`${when}: ${rss.toFixed(1)} MiB, ${open} descriptors, ${JSON.stringify(done)}\n`)
}

let begun = 0
async function clients(): Promise<void> {
  while (begun < total) {
    begun += 1
    if (begun % (total / 10) === 0) report(String(begun))
    await connect(MANNERS[begun % MANNERS.length] as Manner)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, clients))

// Those who left are seen to have gone a little later.
await Bun.sleep(3000)
report('all have gone')
const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text()
for (const [gauge, value] of metrics.matchAll(
  /^smartedge_(?:client_connections|tunnels|backend_inflight)(?:{.*})? (.*)$/gm,
))
  if (value !== '0') failures[gauge] = 1
for (const [what, count] of Object.entries(failures)) process.stdout.write(`${count} times ${what}\n`)
await backend.stop()
process.exitCode = Object.keys(failures).length === 0 ? 0 : 1
