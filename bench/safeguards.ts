/**
 * What the safeguards cost: CPU time per request at full speed of SmartEdge with all of them on, without and with hedging,
 * beside one with none, in alternating rounds on one core; differences and ratios round by round.
 * `bun bench/safeguards.ts --rounds 8 --seconds 2 --profile headers-13`
 */
import { parseArgs } from 'node:util'
import type { Peer, Safeguards } from './peers/peer.ts'
import { createSmartedge } from './peers/smartedge.ts'
import { runBenchmark } from './run.ts'
import type { Sample } from './scenario.ts'
import { onProfiles } from './scenarios/full-speed.ts'
import { median, medianInterval } from './stats.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
    profile: { type: 'string', default: 'headers-13' },
  },
})

/** No bound is ever reached: what is measured is the looking. */
const all: Safeguards = {
  tryMs: 5000,
  slowMs: 5000,
  room: { maxInflight: 1000, queueLength: 1000, queueMs: 1000 },
}

const withSafeguards = (name: string, safeguards?: Safeguards): Peer => {
  const plain = createSmartedge()
  return { ...plain, name, launch: (job) => plain.launch({ ...job, safeguards }) }
}

const off = withSafeguards('off')
const variants = [withSafeguards('on', all), withSafeguards('on, hedge', { ...all, hedge: true })]

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
const { samples, complaints } = await runBenchmark({
  command: `bun bench/safeguards.ts ${process.argv.slice(2).join(' ')}`,
  scenarios: [onProfiles('safeguards', 'CPU time per request at full speed.', [options.profile])],
  peers: [off, ...variants],
  rounds: Number(options.rounds),
  secondsPerRound: Number(options.seconds),
  connections: 64,
  date: new Date().toISOString(),
  progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001B[K${text}`)),
  complain: (text) => void process.stderr.write(`\r\u001B[K${text}\n`),
  signal: interrupt.signal,
})
if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
if (complaints.length > 0 || interrupt.signal.aborted) process.exit(1)

const cpuOf = (name: string): readonly number[] =>
  samples.filter((sample: Sample) => sample.contestant === name).flatMap(({ values }) => values.cpuUs ?? [])

const base = cpuOf(off.name)
process.stdout.write(`off: ${median(base).toFixed(2)} µs a request\n`)
for (const { name } of variants) {
  const cpu = cpuOf(name).slice(0, base.length)
  const more = describe(cpu.map((value, round) => value - (base[round] ?? Number.NaN)))
  const ratio = describe(cpu.map((value, round) => value / (base[round] ?? Number.NaN)))
  process.stdout.write(`${name}: ${median(cpu).toFixed(2)} µs a request; ${more} µs more, ${ratio} × in pairs\n`)
}

/** The median, with its interval where there are rounds enough. */
function describe(values: readonly number[]): string {
  const interval = medianInterval(values)
  const range = interval === undefined ? '' : ` [${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}]`
  return `${median(values).toFixed(2)}${range}`
}
