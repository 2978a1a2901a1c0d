/**
 * What it costs to be looked at: metrics that are scraped each second, a JSON line of each request in a file, one trace in a
 * hundred at a collector, one request in a hundred explained; all at once and one by one, beside nginx with its access log.
 * `bun bench/seen.ts --rounds 24 --seconds 0.5 --warmup 300000 --profile headers-13`; `--each` measures what each of them costs, too.
 * What runs for one request in a hundred takes long to be compiled: without a warm-up it is that what is measured.
 */
import { besideOff, smartedgeOff, smartedgeWith } from './beside-off.ts'
import { freePort } from './contest.ts'
import type { Job, Peer } from './peers/peer.ts'
import { nginx } from './peers/nginx.ts'

/** Counts what arrives, and takes all of it. */
let spansReceived = 0
const collector = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    spansReceived += (await request.text()).split('"spanId"').length - 1
    return Response.json({})
  },
})

/** Of edges with an admin API. */
const adminPorts: number[] = []
let bytesScraped = 0
const scraping = setInterval(() => adminPorts.forEach((port) => void scrape(port)), 1000)

async function scrape(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
  bytesScraped += (await response?.text())?.length ?? 0
}

const log = ({ directory }: Job): object => ({ log: { access: { to: `${directory}/access.log` } } })
const tracing = { tracing: { endpoint: `http://127.0.0.1:${collector.port}/v1/traces`, sample: 0.01 } }
const explain = { explain: { sample: 0.01 } }

function scraped(): object {
  const port = freePort()
  adminPorts.push(port)
  return { admin: { address: `127.0.0.1:${port}` } }
}

/** With a line for each request, written as it comes, or 64 KiB at a time. */
const nginxLogging = (name: string, how: string): Peer => ({
  ...nginx,
  name,
  launch(job) {
    const { command, files } = nginx.launch(job)
    const logging = (text: string): string => text.replace('access_log off;', `access_log access.log combined${how};`)
    return {
      command,
      files: Object.fromEntries(Object.entries(files).map(([file, text]) => [file, logging(text)])),
    }
  },
})

const isEach = process.argv.includes('--each')
if (isEach) process.argv.splice(process.argv.indexOf('--each'), 1)
const each = [
  smartedgeWith('metrics scraped', scraped),
  smartedgeWith('an access log', log),
  smartedgeWith('1 % of traces', tracing),
  smartedgeWith('1 % explained', explain),
]
const all = smartedgeWith('all of it', (job) => ({ ...scraped(), ...log(job), ...tracing, ...explain }))

await besideOff('bench/seen.ts', [
  { off: smartedgeOff, variants: [all, ...(isEach ? each : [])] },
  {
    off: nginx,
    variants: [
      nginxLogging('nginx, its access log', ''),
      nginxLogging('nginx, its access log gathered', ' buffer=64k flush=1s'),
    ],
  },
])
clearInterval(scraping)
await collector.stop(true)
process.stdout.write(`${spansReceived} spans received, ${(bytesScraped / 1e6).toFixed(1)} MB scraped\n`)
