/** A backend of four that dies and comes back again and again: how many requests fail because of it. */
import { type Backends, type Contestant, setUp } from '../contest.ts'
import { measure, readCurve } from '../measure.ts'
import { assemble, balancersOf, type Field, fixedRate } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'

const ratePerSecond = 1000
const downMs = 400
const upMs = 600

export const flapping: Scenario = {
  name: 'flapping',
  summary: 'One backend of four is cut off for 400 ms and back for 600 ms, in turns, at 1,000 requests a second.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage = balancersOf(outer)
    const field = await assemble(stage, 'headers-2', { delaysMs: [0, 0, 0, 0] })
    for (let round = 0; round < stage.rounds; round++)
      for (const contestant of field.contestants) await observe(stage, field, contestant)
    await field.stop()
  },
}

/** One run with a backend flapping beside it, which is up again afterwards. */
async function observe(stage: Stage, field: Field, contestant: Contestant): Promise<void> {
  stage.progress(`flapping: ${contestant.name}`)
  const isOver = new AbortController()
  const flaps = flap(field.backends, isOver.signal)
  const plan = field.planFor(contestant, { pace: { kind: 'open', ratePerSecond } })
  const { load, flaws } = await measure(stage, contestant, plan)
  isOver.abort()
  await flaps
  stage.record({
    scenario: 'flapping',
    variant: 'one of four cut off and back',
    contestant: contestant.name,
    values: fixedRate({ load, cpuUs: 0, memoryBytes: 0, flaws }),
    flaws,
    curve: readCurve(load),
  })
}

async function flap(backends: Backends, isOver: AbortSignal): Promise<void> {
  const port = backends.ports.at(-1) ?? 0
  while (!isOver.aborted) {
    await setUp(backends, port, false)
    await Bun.sleep(downMs)
    await setUp(backends, port, true)
    await Bun.sleep(upMs)
  }
}
