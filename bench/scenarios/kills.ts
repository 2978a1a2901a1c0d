/** Backends that are processes of their own, killed again and again, or stopped for a while: how many requests fail because of it. */
import { setTimeout as wait } from 'node:timers/promises'
import { type Backends, type Contestant, startBackends } from '../contest.ts'
import { measure, readCurve } from '../measure.ts'
import { guardedOf, lineUp, type Lineup } from '../race.ts'
import type { Sample, Scenario, Stage } from '../scenario.ts'

const profile = 'headers-2'
const members = 4
const ratePerSecond = 2000
const downMs = 300
const upMs = 500
const stopMs = 5000
/** More than can hang at a stopped backend until their attempts time out, so that nobody waits for a connection. */
const connections = 512
const safeguards = { tryMs: 250, hedge: true }

export const kills: Scenario = {
  name: 'kills',
  summary:
    'Four backends at 2,000 requests a second, one after the other ended by kill -9 and started again 300 ms later; safeguards on.',
  effort: { runs: 1, starts: 1 },
  run: (stage) =>
    besideTrouble(stage, 'kills', 'one of four by kill -9', async (fleet, isOver) => {
      let count = 0
      for (; !isOver.aborted; count++) {
        await replace(stage, fleet, count % members)
        await Bun.sleep(upMs)
      }
      return { kills: count }
    }),
}

export const stopped: Scenario = {
  name: 'stopped',
  summary: 'Four backends at 2,000 requests a second, one of them stopped for 5 s by kill -STOP; safeguards on.',
  effort: { runs: 1, starts: 1, fixedSeconds: stopMs / 1000 },
  run: (outer) => {
    const stage: Stage = { ...outer, secondsPerRound: outer.secondsPerRound + stopMs / 1000 }
    return besideTrouble(stage, 'stopped', 'one of four by kill -STOP', async (fleet, signal) => {
      const pid = fleet[0]?.child.pid ?? 0
      await wait((outer.secondsPerRound * 1000) / 2, undefined, { signal })
      process.kill(pid, 'SIGSTOP')
      await wait(stopMs, undefined, { signal }).finally(() => process.kill(pid, 'SIGCONT'))
      return {}
    })
  },
}

/** Each a process with one port; members are replaced in place. */
type Fleet = Backends[]

/** Makes trouble until told otherwise, and leaves everybody up; resolves to what it has to say. */
type Trouble = (fleet: Fleet, isOver: AbortSignal) => Promise<Sample['values']>

async function besideTrouble(outer: Stage, scenario: string, variant: string, trouble: Trouble): Promise<void> {
  const stage = guardedOf(outer)
  const fleet: Fleet = []
  for (let index = 0; index < members; index++) fleet.push(await startBackends(stage.arena, { profile, delaysMs: [0] }))
  const backendPorts = fleet.flatMap(({ ports }) => ports)
  const lineup = await lineUp(stage, profile, { backendPorts, safeguards })
  for (let round = 1; round <= stage.rounds; round++) {
    for (const contestant of lineup.contestants) {
      stage.progress(`${scenario}: ${contestant.name} (round ${round} of ${stage.rounds})`)
      const isOver = new AbortController()
      const observing = observe(stage, lineup, contestant).finally(() => isOver.abort())
      const troubling = trouble(fleet, isOver.signal)
      // Whichever fails, the other is over before anybody hears of it.
      await Promise.allSettled([observing, troubling])
      const sample = await observing
      const values = { ...sample.values, ...(await troubling) }
      stage.record({ ...sample, scenario, variant, values })
    }
  }
  await lineup.stop()
  for (const { child } of fleet) await child.stop()
}

async function observe(stage: Stage, lineup: Lineup, contestant: Contestant) {
  const plan = lineup.planFor(contestant, { pace: { kind: 'open', ratePerSecond }, connections })
  const { load, flaws } = await measure(stage, contestant, plan)
  const values = {
    p50Us: load.latencies.percentileUs(50),
    p99Us: load.latencies.percentileUs(99),
    p999Us: load.latencies.percentileUs(99.9),
    failed: load.failed,
  }
  return { contestant: contestant.name, values, flaws, curve: readCurve(load) }
}

async function replace(stage: Stage, fleet: Fleet, index: number): Promise<void> {
  const old = fleet[index]
  if (old === undefined) return
  process.kill(old.child.pid, 'SIGKILL')
  await old.child.ended
  await Bun.sleep(downMs)
  fleet[index] = await startBackends(stage.arena, { profile, delaysMs: [0], ports: old.ports })
}
