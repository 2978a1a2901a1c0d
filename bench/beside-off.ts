/** What something costs each request: CPU time at full speed of a peer with it, beside the same without, in alternating rounds on one core. */
import { parseArgs } from 'node:util'
import type { Job, Peer } from './peers/peer.ts'
import { createSmartedge } from './peers/smartedge.ts'
import { runBenchmark } from './run.ts'
import type { Sample } from './scenario.ts'
import { onProfiles } from './scenarios/full-speed.ts'
import { median, medianInterval } from './stats.ts'

/** A peer, and the same with something more. */
export interface Pairing {
  readonly off: Peer
  readonly variants: readonly Peer[]
}

/** SmartEdge as it is raced, called `off`: what variants of it stand beside. */
export const smartedgeOff: Peer = { ...createSmartedge(), name: 'off' }

/** SmartEdge with more in its configuration: top-level keys, of which the job says what they need. */
export function smartedgeWith(name: string, more: object | ((job: Job) => object)): Peer {
  const plain = createSmartedge()
  return {
    ...plain,
    name,
    launch(job) {
      const { command, files } = plain.launch(job)
      const added = typeof more === 'function' ? more(job) : more
      const extended = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), ...added })
      return {
        command,
        files: Object.fromEntries(Object.entries(files).map(([file, text]) => [file, extended(text)])),
      }
    },
  }
}

/**
 * `script`: as it is called; reads `--rounds`, `--seconds`, `--warmup` (requests that each has answered before) and
 * `--profile`. Prints differences and ratios, round by round; ends the process with 1 when something could not be measured.
 */
export async function besideOff(script: string, pairings: readonly Pairing[]): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '2' },
      warmup: { type: 'string', default: '0' },
      profile: { type: 'string', default: 'headers-13' },
    },
  })
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort())
  const { samples, complaints } = await runBenchmark({
    command: `bun ${script} ${process.argv.slice(2).join(' ')}`,
    scenarios: [onProfiles('beside-off', 'CPU time per request at full speed.', [options.profile])],
    peers: pairings.flatMap(({ off, variants }) => [off, ...variants]),
    rounds: Number(options.rounds),
    secondsPerRound: Number(options.seconds),
    connections: 64,
    warmupRequests: Number(options.warmup),
    date: new Date().toISOString(),
    progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r\u001B[K${text}`)),
    complain: (text) => void process.stderr.write(`\r\u001B[K${text}\n`),
    signal: interrupt.signal,
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  if (complaints.length > 0 || interrupt.signal.aborted) process.exit(1)
  for (const pairing of pairings) process.stdout.write(compare(pairing, samples))
}

function compare({ off, variants }: Pairing, samples: readonly Sample[]): string {
  const base = cpuOf(samples, off)
  const lines = variants.map((variant) => {
    const cpu = cpuOf(samples, variant).slice(0, base.length)
    const more = describe(cpu.map((value, round) => value - (base[round] ?? Number.NaN)))
    const ratio = describe(cpu.map((value, round) => value / (base[round] ?? Number.NaN)))
    return `${variant.name}: ${median(cpu).toFixed(2)} µs a request; ${more} µs more, ${ratio} × in pairs\n`
  })
  return `${off.name}: ${median(base).toFixed(2)} µs a request\n${lines.join('')}`
}

const cpuOf = (samples: readonly Sample[], { name }: Peer): readonly number[] =>
  samples.filter(({ contestant }) => contestant === name).flatMap(({ values }) => values.cpuUs ?? [])

/** The median, with its interval where there are rounds enough. */
function describe(values: readonly number[]): string {
  const interval = medianInterval(values)
  const range = interval === undefined ? '' : ` [${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}]`
  return `${median(values).toFixed(2)}${range}`
}
