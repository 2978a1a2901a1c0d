/** What something costs each request: CPU time at full speed of SmartEdge with it, beside one without, in alternating rounds on one core. */
import { parseArgs } from 'node:util'
import type { Peer } from './peers/peer.ts'
import { createSmartedge } from './peers/smartedge.ts'
import { runBenchmark } from './run.ts'
import type { Sample } from './scenario.ts'
import { onProfiles } from './scenarios/full-speed.ts'
import { median, medianInterval } from './stats.ts'

/** `script`: as it is called; reads `--rounds`, `--seconds` and `--profile`. Prints differences and ratios, round by round. */
export async function besideOff(script: string, variants: readonly Peer[]): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '2' },
      profile: { type: 'string', default: 'headers-13' },
    },
  })
  const off: Peer = { ...createSmartedge(), name: 'off' }
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
  const { samples, complaints } = await runBenchmark({
    command: `bun ${script} ${process.argv.slice(2).join(' ')}`,
    scenarios: [onProfiles('beside-off', 'CPU time per request at full speed.', [options.profile])],
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
  const base = cpuOf(samples, off)
  process.stdout.write(`off: ${median(base).toFixed(2)} µs a request\n`)
  for (const variant of variants) {
    const cpu = cpuOf(samples, variant).slice(0, base.length)
    const more = describe(cpu.map((value, round) => value - (base[round] ?? Number.NaN)))
    const ratio = describe(cpu.map((value, round) => value / (base[round] ?? Number.NaN)))
    process.stdout.write(
      `${variant.name}: ${median(cpu).toFixed(2)} µs a request; ${more} µs more, ${ratio} × in pairs\n`,
    )
  }
}

const cpuOf = (samples: readonly Sample[], { name }: Peer): readonly number[] =>
  samples.filter(({ contestant }) => contestant === name).flatMap(({ values }) => values.cpuUs ?? [])

/** The median, with its interval where there are rounds enough. */
function describe(values: readonly number[]): string {
  const interval = medianInterval(values)
  const range = interval === undefined ? '' : ` [${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}]`
  return `${median(values).toFixed(2)}${range}`
}
