/**
 * Our load generator beside wrk, at full speed on the same backend, in alternating rounds: they should agree within 10 %.
 * Run: `bun bench/cross-check.ts`. Needs wrk and two cores.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery } from './children.ts'
import { startBackends } from './contest.ts'
import { pinned, planCores } from './cores.ts'
import { createCrew } from './load/crew.ts'
import type { LoadPlan } from './load/plan.ts'
import { profiles } from './profile.ts'
import { median } from './stats.ts'
import { parseWrk, renderWrkScript } from './wrk.ts'

const name = 'headers-13'
const seconds = 2
const rounds = 3

const directory = mkdtempSync(join(tmpdir(), 'smartedge-bench-'))
const nursery = createNursery(directory)
const planned = planCores(cpus().length, Bun.which('taskset') !== null)
// There is no contestant: its core is the backend's, so that the load has one for itself.
const core = planned.contestant
const cores = { ...planned, backends: core === undefined ? undefined : [core], loadProcesses: 1 }
try {
  const backends = await startBackends({ directory, nursery, cores }, { profile: name, delaysMs: [0] })
  const port = backends.ports[0] ?? 0
  const crew = createCrew(nursery, cores)
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push((await crew.run(planFor(port))).requestsPerSecond)
    theirs.push(await runWrk(port))
  }
  const [own, wrk] = [median(ours), median(theirs)]
  process.stdout.write(`ours ${own.toFixed(0)}/s, wrk ${wrk.toFixed(0)}/s, ratio ${(own / wrk).toFixed(3)}\n`)
} finally {
  await nursery.stopAll()
  rmSync(directory, { recursive: true })
}

function planFor(port: number): LoadPlan {
  return {
    host: '127.0.0.1',
    port,
    profile: name,
    connections: 64,
    durationMs: seconds * 1000,
    pace: { kind: 'closed' },
    reconnect: false,
    path: '/api/items',
    targets: 1,
    idle: 0,
  }
}

/** Requests per second. Throws when wrk is missing or fails. */
async function runWrk(port: number): Promise<number> {
  const profile = profiles[name]
  if (profile === undefined) throw new Error(`no profile ${name}`)
  const script = join(directory, 'wrk.lua')
  await Bun.write(script, renderWrkScript(profile, `127.0.0.1:${port}`))
  const command = ['wrk', '-t1', '-c64', `-d${seconds}`, '-s', script, `http://127.0.0.1:${port}`]
  const child = Bun.spawn([...pinned(command, cores.load)], { stdout: 'pipe' })
  const result = parseWrk(await new Response(child.stdout).text())
  if (result === undefined) throw new Error('wrk said nothing')
  return (result.requests / result.elapsedUs) * 1e6
}
