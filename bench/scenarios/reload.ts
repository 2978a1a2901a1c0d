/** Files saved ten times a second under load: whether a request is lost, what it does to latency, how soon a save is live. */
import { systemClock } from '../../core/clock.ts'
import { type Contestant, countAnswered } from '../contest.ts'
import { measure, readCurve } from '../measure.ts'
import { type SavedPeer, savedPeers, type Versions, witnessOf } from '../peers/saved.ts'
import { assemble, type Field, fixedRate } from '../race.ts'
import { createSaveLog, type SaveLog } from '../save-log.ts'
import type { Sample, Scenario, Stage } from '../scenario.ts'
import { median } from '../stats.ts'

const ratePerSecond = 1000
const everyMs = 100
/** How exactly the time until a save is live is known; asking the backends more often would disturb what is measured. */
const lookMs = 5

export const reload: Scenario = {
  name: 'reload',
  summary:
    'At 1,000 requests a second: left alone, then with the config and a strategy saved in turns, one of them every 100 ms. nginx gets its config and a SIGHUP in its turn, and has no strategy to save.',
  effort: { runs: 2, starts: 1, contestants: savedPeers.length },
  async run(outer) {
    const wanted = savedPeers.filter(({ peer }) => peer.name === 'smartedge' || outer.peers.some(isNamed(peer.name)))
    const stage: Stage = { ...outer, peers: wanted.map(({ peer }) => peer) }
    const field = await assemble(stage, 'headers-2', { delaysMs: [0, 0, 0, 0] })
    const editors = wanted.flatMap((saved) => {
      const contestant = field.contestants.find(isNamed(saved.peer.name))
      return contestant === undefined ? [] : [createEditor(saved, field, contestant)]
    })
    for (let round = 0; round < stage.rounds; round++) for (const editor of editors) await compare(stage, field, editor)
    await field.stop()
  },
}

const isNamed = (name: string) => (other: { readonly name: string }) => other.name === name

/** Somebody who saves a contestant's files, each time with the other content. */
interface Editor {
  readonly contestant: Contestant
  /** Saves until told otherwise. */
  readonly work: (isOver: AbortSignal) => Promise<{ readonly saves: number; readonly log: SaveLog }>
}

function createEditor({ kinds, save }: SavedPeer, { backends }: Field, contestant: Contestant): Editor {
  const { port, directory, child } = contestant
  const job = { port, directory, backendPorts: backends.ports }
  let versions: Versions = { members: 0, strategy: 0 }
  return {
    contestant,
    async work(isOver) {
      const log = createSaveLog()
      let saves = 0
      let counts = await countAnswered(backends)
      for (let dueMs = systemClock.now(), turn = 0; !isOver.aborted; turn++) {
        const kind = (['members', 'strategy'] as const)[turn % 2] ?? 'members'
        if (kinds.includes(kind) && child !== undefined) {
          versions = { ...versions, [kind]: versions[kind] === 0 ? 1 : 0 }
          log.saved(kind, witnessOf(kind, versions), counts, systemClock.now())
          save(kind, versions, job, child)
          saves += 1
        }
        dueMs += everyMs
        while (systemClock.now() < dueMs && !isOver.aborted) {
          await Bun.sleep(lookMs)
          counts = await countAnswered(backends)
          log.counted(counts, systemClock.now())
        }
      }
      return { saves, log }
    },
  }
}

/** Left alone, then with its files being saved. */
async function compare(stage: Stage, field: Field, { contestant, work }: Editor): Promise<void> {
  const plan = field.planFor(contestant, { pace: { kind: 'open', ratePerSecond } })
  const run = async (variant: string, values: () => Promise<Sample['values']>): Promise<void> => {
    stage.progress(`reload, ${variant}: ${contestant.name}`)
    const { load, flaws } = await measure(stage, contestant, plan)
    const { cpuUs: _, ...latencies } = fixedRate({ load, cpuUs: 0, memoryBytes: 0, flaws })
    const curve = readCurve(load)
    stage.record({
      scenario: 'reload',
      variant,
      contestant: contestant.name,
      values: { ...latencies, ...(await values()) },
      flaws,
      curve,
    })
  }
  await run('left alone', () => Promise.resolve({}))
  const isOver = new AbortController()
  const working = work(isOver.signal)
  await run('saved every 100 ms', async () => {
    isOver.abort()
    const { saves, log } = await working
    return { saves, ...liveTimes(log) }
  })
}

function liveTimes(log: SaveLog): Sample['values'] {
  const [members, strategy] = [log.liveMs('members'), log.liveMs('strategy')]
  return {
    ...(members.length > 0 && { membersLiveMs: median(members) }),
    ...(strategy.length > 0 && { strategyLiveMs: median(strategy) }),
  }
}
