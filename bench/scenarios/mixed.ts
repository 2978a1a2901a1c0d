/** Whether a process that has served other traffic still serves small answers as cheaply as before. */
import type { Contestant } from '../contest.ts'
import type { LoadPlan } from '../load/plan.ts'
import { measure } from '../measure.ts'
import { ANY_PROFILE } from '../profile.ts'
import { assemble, fullSpeed } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'

const lean: Partial<LoadPlan> = { profile: 'headers-2', path: '/headers-2/' }

/** What comes between, in turns: large answers, uploads, a connection for each request. */
const mix: readonly Partial<LoadPlan>[] = [
  { profile: 'body-1m', path: '/body-1m/' },
  { profile: 'upload-1m', path: '/upload-1m/' },
  { ...lean, reconnect: true },
]

export const mixed: Scenario = {
  name: 'mixed',
  summary:
    'Small answers before and right behind a time of 1 MiB answers, 1 MiB uploads and closed connections, in one process.',
  effort: { runs: 3 + mix.length, starts: 1 },
  async run(stage) {
    // A process ages once: each round has fresh ones.
    for (let round = 1; round <= stage.rounds; round++) {
      const field = await assemble(stage, ANY_PROFILE, { delaysMs: [0] }, lean)
      for (const contestant of field.contestants) {
        stage.progress(`mixed: ${contestant.name} (round ${round} of ${stage.rounds})`)
        await age(stage, contestant, (changes) => field.planFor(contestant, changes))
      }
      await field.stop()
    }
  },
}

async function age(stage: Stage, contestant: Contestant, planFor: (changes: Partial<LoadPlan>) => LoadPlan) {
  // Until compilers have done what they do: some 60,000 requests.
  await stage.crew.run(planFor(lean))
  const before = await measure(stage, contestant, planFor(lean))
  for (const part of mix) await stage.crew.run(planFor(part))
  const after = await measure(stage, contestant, planFor(lean))
  const parts = [
    ['before', before],
    ['behind', after],
  ] as const
  for (const [variant, measurement] of parts) {
    const agedRatio = variant === 'behind' && before.cpuUs > 0 ? { agedRatio: after.cpuUs / before.cpuUs } : {}
    stage.record({
      scenario: 'mixed',
      variant,
      contestant: contestant.name,
      values: { ...fullSpeed(measurement), ...agedRatio },
      flaws: measurement.flaws,
      curve: [],
    })
  }
}
