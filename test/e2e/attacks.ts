/**
 * `bun test/e2e/attacks.ts [attack,…|all] [connections] [repeats] [seconds]`: what a process bears while hundreds of connections
 * attack it by HTTP/2, each thrown out coming again. Prints for each attack what memory it took and how long the answers of
 * others took, quiet and under attack, medians over the repeats. Exits with 1 when others were not answered.
 */
import { readFileSync } from 'node:fs'
import { type AttackPlan, type AttackTally, playAttack } from '../support/attackers.ts'
import { ATTACKS } from '../support/http2-attacks.ts'
import { pacedClients, type PacedTally, type PacedVersion } from '../support/paced-clients.ts'
import { freePorts } from '../support/ports.ts'
import { startProcess } from '../support/running-process.ts'

const ATTACKERS = '--attackers'
const BACKEND = '--backend'
/** They have what the others leave of the processors. */
const ATTACKERS_MANNER = ['chrt', '--other', '0', 'nice']
const GAP_MS = 5
const VERSIONS = ['HTTP/1.1', 'HTTP/2'] as const

interface Round {
  readonly quietP99: Record<PacedVersion, number>
  readonly attackedP99: Record<PacedVersion, number>
  readonly unanswered: number
  readonly attackers: AttackTally
}

/** As a process of its own, which tells its port. */
function serveBackend(): void {
  const content = 'x'.repeat(1000)
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 60, fetch: () => new Response(content) })
  process.stdout.write(`${server.port}\n`)
}

/** As a process of its own, which tells what it did. */
async function playAsTold([name = '', plan = '']: readonly string[]): Promise<void> {
  const attack = ATTACKS[name]
  if (attack === undefined) throw new Error(`no attack is called ${name}`)
  process.stdout.write(JSON.stringify(await playAttack(attack, JSON.parse(plan) as AttackPlan)))
}

async function measureAll(
  names: string,
  [connections = 300, repeats = 5, seconds = 3]: readonly number[],
): Promise<void> {
  const chosen = names === 'all' ? Object.keys(ATTACKS) : names.split(',')
  const backend = Bun.spawn([process.execPath, import.meta.path, BACKEND], { stdout: 'pipe' })
  const backendPort = await firstLine(backend.stdout)
  const row = (cells: readonly (string | number)[]): void =>
    void process.stdout.write(
      `${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(19) : String(cell).padStart(11))).join('')}\n`,
    )
  row([
    'attack',
    'before MB',
    'peak MB',
    'more MB',
    'after MB',
    'h1 quiet',
    'h1 under',
    'times',
    'h2 quiet',
    'h2 under',
    'times',
    'ended',
    'lost',
  ])
  for (const name of chosen) {
    const { rounds, memory } = await measure(name, backendPort, { connections, repeats, seconds })
    const times = VERSIONS.flatMap((version) => {
      const quiet = median(rounds.map((round) => round.quietP99[version]))
      const attacked = median(rounds.map((round) => round.attackedP99[version]))
      return [
        quiet.toFixed(2),
        attacked.toFixed(2),
        median(rounds.map((round) => round.attackedP99[version] / round.quietP99[version])).toFixed(1),
      ]
    })
    const lost = rounds.reduce((sum, round) => sum + round.unanswered, 0)
    if (lost > 0) process.exitCode = 1
    const ended = rounds.reduce((sum, round) => sum + round.attackers.ended, 0)
    const { before, peak, after } = memory
    row([name, before.toFixed(0), peak.toFixed(0), (peak - before).toFixed(0), after.toFixed(0), ...times, ended, lost])
  }
  backend.kill()
}

interface Extent {
  readonly connections: number
  readonly repeats: number
  readonly seconds: number
}

async function measure(name: string, backendPort: string, { connections, repeats, seconds }: Extent) {
  const [port = 0] = freePorts(1)
  await using edge = await startProcess({
    pool: { backends: [`http://127.0.0.1:${backendPort}`] },
    config: { listeners: { web: { address: `127.0.0.1:${port}`, http2: true } } },
  })
  await edge.event('ready')
  await warmUp(port)
  const clients = await pacedClients(port, GAP_MS)
  await clients.run(1000)
  const memory = { before: residentMb(edge.child.pid), peak: 0, after: 0 }
  const watch = setInterval(() => (memory.peak = Math.max(memory.peak, residentMb(edge.child.pid))), 50)
  const rounds: Round[] = []
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const quiet = await clients.run(seconds * 1000)
    const plan = { port, connections, durationMs: (seconds + 0.5) * 1000, perSecond: connections }
    const attackers = Bun.spawn(
      [...ATTACKERS_MANNER, process.execPath, import.meta.path, ATTACKERS, name, JSON.stringify(plan)],
      { stdout: 'pipe' },
    )
    // Until they are there.
    await Bun.sleep(500)
    const attacked = await clients.run(seconds * 1000)
    const tally = JSON.parse(await attackers.stdout.text()) as AttackTally
    rounds.push({
      quietP99: p99Of(quiet),
      attackedP99: p99Of(attacked),
      unanswered: VERSIONS.reduce((sum, version) => sum + attacked[version].asked - attacked[version].answered, 0),
      attackers: tally,
    })
    await Bun.sleep(500)
  }
  clearInterval(watch)
  memory.after = residentMb(edge.child.pid)
  clients.close()
  return { rounds, memory }
}

/** Until what serves is compiled, and has the memory that it needs for many at once. */
async function warmUp(port: number): Promise<void> {
  const clients = await pacedClients(port, 0.4)
  await clients.run(4000)
  clients.close()
}

const p99Of = (tallies: Readonly<Record<PacedVersion, PacedTally>>): Record<PacedVersion, number> => ({
  'HTTP/1.1': quantile(tallies['HTTP/1.1'].latenciesMs, 0.99),
  'HTTP/2': quantile(tallies['HTTP/2'].latenciesMs, 0.99),
})

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Infinity
const median = (values: readonly number[]): number => quantile(values, 0.5)

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const { value } = await stream.getReader().read()
  return new TextDecoder().decode(value).trim()
}

const [command = 'all', ...rest] = process.argv.slice(2)
if (command === BACKEND) serveBackend()
else if (command === ATTACKERS) await playAsTold(rest)
else await measureAll(command, rest.map(Number))
