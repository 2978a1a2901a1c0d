/**
 * CPU time per proxied request of several contestants on one core, in alternating rounds: the quick instrument for tuning.
 * `bun bench/cpu.ts --only smartedge,nginx --profile headers-13 --rounds 3 --seconds 3`
 * Other profiles: headers-2, body-10k, body-1m, upload-1k, upload-10k, upload-1m; `--reconnect` opens a connection for each request;
 * `--warmup 60000`: each has answered so many before the first round, however busy the machine is, so that what is measured is compiled;
 * `--contestant 'NAME=COMMAND {port} {backend}'` adds anything else.
 */
import { parseArgs } from 'node:util'
import { parseCommandPeer } from './peers/command.ts'
import { selectPeers } from './peers/roster.ts'
import { profiles } from './profile.ts'
import { renderTerminal } from './report/terminal.ts'
import { runBenchmark } from './run.ts'
import { onProfiles } from './scenarios/full-speed.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'smartedge,nginx,haproxy,pipe' },
    contestant: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string', default: 'headers-2,headers-13,body-1m' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    reconnect: { type: 'boolean', default: false },
    warmup: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
})

const wanted = options.profile.split(',')
const unknown = wanted.find((name) => profiles[name] === undefined)
if (unknown !== undefined) throw new Error(`--profile must be of ${Object.keys(profiles).join(', ')}, got ${unknown}`)
const extra = options.contestant.map(parseCommandPeer)
const { found, missing } = selectPeers([...options.only.split(','), ...extra.map((peer) => peer.name)], extra)
for (const peer of missing) process.stderr.write(`${peer.name} is missing: ${peer.install}\n`)

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
const results = await runBenchmark({
  command: `bun bench/cpu.ts ${process.argv.slice(2).join(' ')}`,
  scenarios: [onProfiles('cpu', 'CPU time per request at full speed.', wanted, options.reconnect)],
  peers: found,
  rounds: Number(options.rounds),
  secondsPerRound: Number(options.seconds),
  connections: Number(options.connections),
  warmupRequests: Number(options.warmup),
  date: new Date().toISOString(),
  progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001B[K${text}`)),
  complain: (text) => void process.stderr.write(`\r\u001B[K${text}\n`),
  signal: interrupt.signal,
})
if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
process.stdout.write(options.json ? `${JSON.stringify(results, undefined, 2)}\n` : renderTerminal(results))
