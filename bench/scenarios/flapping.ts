/** A backend of four that dies and comes back again and again: how many requests fail because of it. */
import { type Backends, startBackends, type Contestant } from '../contest.ts'
import { measure, readCurve } from '../measure.ts'
import { balancersOf, fixedRate, planFor, startAll } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'

const profile = 'headers-2'
const ratePerSecond = 1000
const downMs = 400
const upMs = 600

export const flapping: Scenario = {
  name: 'flapping',
  summary: 'One backend of four is killed for 400 ms and revived for 600 ms, in turns, at 1,000 requests a second.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage = balancersOf(outer)
    const steady = await startBackends(stage.arena, { profile, delaysMs: [0, 0, 0] })
    const flapper = await startBackends(stage.arena, { profile, delaysMs: [0] })
    const work = { backendPorts: [...steady.ports, ...flapper.ports] }
    const contestants = await startAll(stage, work)
    let current = flapper
    for (let round = 0; round < stage.rounds; round++)
      for (const contestant of contestants) current = await observe(stage, contestant, current)
    for (const contestant of contestants) await contestant.child?.stop()
    await Promise.all([steady.child.stop(), current.child.stop()])
  },
}

/** One run with the backend flapping beside it. Resolves to the backend as it is afterwards: up. */
async function observe(stage: Stage, contestant: Contestant, flapper: Backends): Promise<Backends> {
  stage.progress(`flapping: ${contestant.name}`)
  const plan = planFor(stage, profile, contestant, { pace: { kind: 'open', ratePerSecond } })
  let isOver = false
  const flaps = flap(stage, flapper, () => isOver)
  const { load, flaws } = await measure(stage, contestant, plan)
  isOver = true
  const { cpuUs: _, ...latencies } = fixedRate({ load, cpuUs: 0, memoryBytes: 0, flaws })
  stage.record({
    scenario: 'flapping',
    variant: 'one of four killed and revived',
    contestant: contestant.name,
    values: latencies,
    flaws,
    curve: readCurve(load),
  })
  return flaps
}

async function flap(stage: Stage, backends: Backends, isOver: () => boolean): Promise<Backends> {
  let current = backends
  while (!isOver()) {
    await current.child.stop()
    await Bun.sleep(downMs)
    current = await startBackends(stage.arena, { profile, delaysMs: [0], ports: backends.ports })
    await Bun.sleep(upMs)
  }
  return current
}
