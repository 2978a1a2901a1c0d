/** Thousands of idle client connections: what each costs in memory, and what they do to those that work. */
import { readFileSync } from 'node:fs'
import { assemble, fixedRate } from '../race.ts'
import { measure, readCurve } from '../measure.ts'
import type { Scenario, Stage } from '../scenario.ts'
import type { Contestant } from '../contest.ts'
import type { LoadPlan } from '../load/plan.ts'

const wanted = 10_000
const ratePerSecond = 1000

export const idle: Scenario = {
  name: 'idle-10k',
  summary: 'Idle keep-alive connections (10,000 where descriptors allow) beside 1,000 requests a second.',
  // Two runs, in one round of the usual two or three.
  effort: { runs: 1, starts: 1 },
  async run(stage) {
    const field = await assemble(stage, 'headers-2')
    const count = Math.min(wanted, Math.floor((readDescriptorLimit() - 2000) / 2))
    for (const contestant of field.contestants) {
      const quiet = field.planFor(contestant, { pace: { kind: 'open', ratePerSecond } })
      await compare(stage, contestant, quiet, count)
    }
    await field.stop()
  },
}

/** Without and with the crowd, on the same contestant. */
async function compare(stage: Stage, contestant: Contestant, plan: LoadPlan, count: number): Promise<void> {
  stage.progress(`idle-10k: ${contestant.name}`)
  const alone = await measure(stage, contestant, plan)
  const beside = await measure(stage, contestant, { ...plan, idle: count })
  await stage.crew.run({ ...plan, durationMs: 50, idle: 0 })
  const { cpuUs: _, ...latencies } = fixedRate(beside)
  stage.record({
    scenario: 'idle-10k',
    variant: `${count.toLocaleString('en-US')} idle connections`,
    contestant: contestant.name,
    values: {
      ...latencies,
      memoryBytes: beside.memoryBytes,
      idleBytes: Math.max(0, beside.memoryBytes - alone.memoryBytes) / count,
    },
    flaws: beside.flaws,
    curve: readCurve(beside.load),
  })
}

/** Descriptors that a process here may have; a proxy needs two for some of its clients. */
function readDescriptorLimit(): number {
  const line = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files +(\d+)/m)
  return Number(line?.[1] ?? 1024)
}
