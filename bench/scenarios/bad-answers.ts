/** Backends that answer late, or with 503: one of four, then all of them. */
import { systemClock } from '../../core/clock.ts'
import { answers, type Contestant, countAnswered, setDelay, setFailing } from '../contest.ts'
import { measure, type Measurement, readCurve } from '../measure.ts'
import { createRecovery } from '../recovery.ts'
import { assemble, type Field, guardedOf, toShares } from '../race.ts'
import type { Sample, Scenario, Stage } from '../scenario.ts'

const members = 4
/** Also while they warm up: budgets of retries count what went before. */
const pace = { kind: 'open', ratePerSecond: 1000 } as const
const delayMs = 2
const slowMs = 20 * delayMs
const failingRatio = 0.5
/** As far as budgets of retries look back: in a shorter outage, what went before would count for more. */
const outageSeconds = 10
/** Not hedged: what a hedge cancels counts for nothing, so that nobody would learn that a backend is slow. */
const safeguards = { tryMs: 250, slowMs: slowMs / 2 }
/** Different enough for hashing strategies. */
const targets = 500

export const slow: Scenario = {
  name: 'slow',
  summary:
    'Four backends that answer after 2 ms, at 1,000 requests a second: all well, then one of them after 40 ms; safeguards on.',
  effort: { runs: 2, starts: 1 },
  run: (stage) =>
    eachInTurn(stage, 'slow', async (field, contestant, record) => {
      const well = await load(stage, field, contestant)
      record('all well', well, latencies(well))
      await setDelay(field.backends, portOf(field, 0), slowMs)
      const ill = await load(stage, field, contestant)
      await setDelay(field.backends, portOf(field, 0), delayMs)
      const healthyRatio = p99(ill) / Math.max(1, p99(well))
      record('one of four 20 × slower', ill, { ...latencies(ill), healthyRatio, slowShare: ill.shares[0] ?? 0 })
    }),
}

export const failing: Scenario = {
  name: 'failing',
  summary:
    'Four backends at 1,000 requests a second, one of which answers half of its requests with 503; safeguards on.',
  effort: { runs: 1, starts: 1 },
  run: (stage) =>
    eachInTurn(stage, 'failing', async (field, contestant, record) => {
      await setFailing(field.backends, portOf(field, 0), failingRatio)
      const loaded = await load(stage, field, contestant)
      await setFailing(field.backends, portOf(field, 0), 0)
      const values = { ...attempts(loaded), faultyShare: loaded.shares[0] ?? 0, failedShare: failedShare(loaded) }
      record('one of four fails half', loaded, values)
    }),
}

export const outage: Scenario = {
  name: 'outage',
  summary:
    'Four backends at 1,000 requests a second, all of which answer 503 for 10 s, where every request fails, then well; safeguards on.',
  effort: { runs: 1, starts: 1, fixedSeconds: outageSeconds },
  run: (stage) =>
    eachInTurn(stage, 'outage', async (field, contestant, record) => {
      await setAllFailing(field, 1)
      const down = await load(stage, field, contestant, outageSeconds)
      record('all answer 503', down, attempts(down))
      await setAllFailing(field, 0)
      const recovery = createRecovery(systemClock.now())
      const [loaded] = await Promise.all([
        load(stage, field, contestant),
        watch(contestant, recovery, stage.secondsPerRound * 1000),
      ])
      const recoveryMs = recovery.ms()
      const values = { ...(recoveryMs !== undefined && { recoveryMs }), failed: loaded.load.failed }
      record('all are back', loaded, values)
      if (recoveryMs === undefined) stage.complain(`outage: ${contestant.name} did not recover in its round`)
    }),
}

type Loaded = Measurement & { readonly shares: readonly number[]; readonly answered: number }
type Record = (variant: string, loaded: Loaded, values: Sample['values']) => void

/** Every contestant's turn in every round. */
async function eachInTurn(
  outer: Stage,
  scenario: string,
  take: (field: Field, contestant: Contestant, record: Record) => Promise<void>,
): Promise<void> {
  const stage = guardedOf(outer)
  const setting = { delaysMs: Array(members).fill(delayMs), safeguards }
  const field = await assemble(stage, 'headers-2', setting, { pace })
  for (let round = 1; round <= stage.rounds; round++) {
    for (const contestant of field.contestants) {
      stage.progress(`${scenario}: ${contestant.name} (round ${round} of ${stage.rounds})`)
      await take(field, contestant, (variant, { load, flaws }, values) =>
        stage.record({ scenario, variant, contestant: contestant.name, values, flaws, curve: readCurve(load) }),
      )
    }
  }
  await field.stop()
}

async function load(
  stage: Stage,
  field: Field,
  contestant: Contestant,
  seconds = stage.secondsPerRound,
): Promise<Loaded> {
  const plan = field.planFor(contestant, { pace, targets, durationMs: seconds * 1000 })
  const before = await countAnswered(field.backends)
  const measurement = await measure(stage, contestant, plan)
  const after = await countAnswered(field.backends)
  const answered = after.reduce((sum, count, index) => sum + count - (before[index] ?? 0), 0)
  return { ...measurement, shares: toShares(before, after), answered }
}

const portOf = ({ backends }: Field, index: number): number => backends.ports[index] ?? 0

async function setAllFailing(field: Field, ratio: number): Promise<void> {
  for (const port of field.backends.ports) await setFailing(field.backends, port, ratio)
}

const sent = ({ load }: Loaded): number => Math.max(1, load.requests + load.failed)
const attempts = (loaded: Loaded) => ({ attempts: loaded.answered / sent(loaded), failed: loaded.load.failed })
const failedShare = (loaded: Loaded): number => loaded.load.failed / sent(loaded)
const p99 = ({ load }: Loaded): number => load.latencies.percentileUs(99)
const latencies = (loaded: Loaded) => ({
  p50Us: loaded.load.latencies.percentileUs(50),
  p99Us: p99(loaded),
  failed: loaded.load.failed,
})

/** Between two looks at whether a contestant answers. */
const lookMs = 5

/** Asks beside the load until it has recovered, for so long at most. */
async function watch({ port }: Contestant, recovery: ReturnType<typeof createRecovery>, withinMs: number) {
  const endMs = systemClock.now() + withinMs
  while (recovery.ms() === undefined && systemClock.now() < endMs) {
    const askedMs = systemClock.now()
    recovery.answered(askedMs, await answers(port))
    await Bun.sleep(lookMs)
  }
}
