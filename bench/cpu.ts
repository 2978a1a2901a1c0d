/**
 * CPU time per proxied request of several contestants on one core, in alternating rounds: the quick instrument for tuning.
 * `bun bench/cpu.ts --only smartedge,nginx --profile headers-13 --rounds 3 --seconds 3`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createNursery } from './children.ts'
import { type Arena, type Contestant, StartError, startBackends, startContestant } from './contest.ts'
import { pinned, planCores } from './cores.ts'
import { caddy } from './peers/caddy.ts'
import { parseCommandPeer } from './peers/command.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { pipe } from './peers/pipe.ts'
import { createSmartedge } from './peers/smartedge.ts'
import { coreBusyUs, treeMemoryBytes, treeTimes } from './proc.ts'
import { type Profile, profiles } from './profile.ts'
import { median, summarize } from './stats.ts'
import { parseWrk, renderWrkScript } from './wrk.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'nginx,haproxy,pipe,smartedge' },
    contestant: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string', default: 'headers-2,headers-13,body-1m' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})

const known = [nginx, haproxy, caddy, pipe, createSmartedge(), ...options.contestant.map(parseCommandPeer)]
const wanted = options.only.split(',')
const peers = known.filter(
  (peer) => wanted.includes(peer.name) || options.contestant.some((each) => each.startsWith(`${peer.name}=`)),
)

interface Round {
  readonly contestant: string
  readonly requests: number
  readonly errors: number
  readonly perSecond: number
  readonly userUs: number
  readonly systemUs: number
  readonly foreignRatio: number
  readonly memoryBytes: number
}

const directory = mkdtempSync(join(tmpdir(), 'smartedge-bench-'))
const arena: Arena = {
  directory,
  nursery: createNursery(directory),
  cores: planCores(cpus().length, Bun.which('taskset') !== null),
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void arena.nursery.stopAll().then(() => process.exit(130)))

try {
  for (const name of options.profile.split(',')) {
    const profile = profiles[name]
    if (profile === undefined) throw new Error(`--profile must be of ${Object.keys(profiles).join(', ')}, got ${name}`)
    print(profile, await compare(profile))
    await arena.nursery.stopAll()
  }
} catch (error) {
  process.stderr.write(error instanceof StartError ? `${error.message}\n${error.log}\n` : `${String(error)}\n`)
  process.exitCode = 1
} finally {
  await arena.nursery.stopAll()
  rmSync(directory, { recursive: true })
}

async function compare(profile: Profile): Promise<readonly Round[]> {
  const backends = await startBackends(arena, profile.name, [0])
  const contestants: Contestant[] = []
  for (const peer of peers) contestants.push(await startContestant(arena, peer, backends.ports))
  for (const contestant of contestants) await measure(contestant, profile, 1)
  const rounds: Round[] = []
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const contestant of contestants) {
      process.stderr.write(`\r${profile.name} round ${round + 1} ${contestant.name}          `)
      rounds.push(await measure(contestant, profile, Number(options.seconds)))
    }
  }
  process.stderr.write('\r\x1b[K')
  return rounds
}

async function measure(contestant: Contestant, profile: Profile, seconds: number): Promise<Round> {
  const script = join(directory, `wrk-${profile.name}-${contestant.port}.lua`)
  await Bun.write(script, renderWrkScript(profile, `127.0.0.1:${contestant.port}`))
  const command = [
    'wrk',
    '-t1',
    `-c${options.connections}`,
    `-d${seconds}`,
    '-s',
    script,
    `http://127.0.0.1:${contestant.port}`,
  ]
  const pid = contestant.child?.pid ?? process.pid
  const core = arena.cores.contestant ?? 0
  const before = { times: treeTimes(pid), busyUs: coreBusyUs(core) }
  const wrk = Bun.spawn([...pinned(command, arena.cores.load)], { stdout: 'pipe', stderr: 'inherit' })
  const result = parseWrk(await new Response(wrk.stdout).text())
  if (result === undefined) throw new Error('wrk said nothing')
  const after = { times: treeTimes(pid), busyUs: coreBusyUs(core) }
  const userUs = after.times.userUs - before.times.userUs
  const systemUs = after.times.systemUs - before.times.systemUs
  const busyUs = after.busyUs - before.busyUs
  return {
    contestant: contestant.name,
    requests: result.requests,
    errors: result.errors,
    perSecond: (result.requests / result.elapsedUs) * 1e6,
    userUs: userUs / result.requests,
    systemUs: systemUs / result.requests,
    foreignRatio: Math.max(0, (busyUs - userUs - systemUs) / busyUs),
    memoryBytes: treeMemoryBytes(pid),
  }
}

function print(profile: Profile, rounds: readonly Round[]): void {
  if (options.json) return void process.stdout.write(`${JSON.stringify({ profile: profile.name, rounds })}\n`)
  const of = (name: string, value: (round: Round) => number) =>
    rounds.filter((each) => each.contestant === name).map(value)
  const cost = (round: Round) => round.userUs + round.systemUs
  const reference = median(of('nginx', cost))
  process.stdout.write(`\n${profile.name}, ${options.connections} connections\n`)
  process.stdout.write(`${'contestant'.padEnd(12)} µs/req   ±%   user    sys  ratio    req/s  errors  foreign%  MB\n`)
  for (const name of new Set(rounds.map((round) => round.contestant))) {
    const summary = summarize(of(name, cost))
    if (summary === undefined) continue
    const cells = [
      summary.median.toFixed(2).padStart(7),
      (summary.spreadRatio * 100).toFixed(1).padStart(5),
      median(of(name, (round) => round.userUs))
        .toFixed(2)
        .padStart(6),
      median(of(name, (round) => round.systemUs))
        .toFixed(2)
        .padStart(6),
      (summary.median / reference).toFixed(3).padStart(6),
      median(of(name, (round) => round.perSecond))
        .toFixed(0)
        .padStart(8),
      String(of(name, (round) => round.errors).reduce((sum, each) => sum + each, 0)).padStart(7),
      (median(of(name, (round) => round.foreignRatio)) * 100).toFixed(1).padStart(9),
      (median(of(name, (round) => round.memoryBytes)) / 1e6).toFixed(0).padStart(4),
    ]
    process.stdout.write(`${name.padEnd(12)}${cells.join(' ')}\n`)
  }
}
