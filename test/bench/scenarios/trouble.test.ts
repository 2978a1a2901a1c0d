import { expect, onTestFinished, test } from 'bun:test'
import { createNursery } from '../../../bench/children.ts'
import { planCores } from '../../../bench/cores.ts'
import type { LoadResult } from '../../../bench/load/crew.ts'
import type { Peer } from '../../../bench/peers/peer.ts'
import type { Stage } from '../../../bench/scenario.ts'
import { outage } from '../../../bench/scenarios/bad-answers.ts'
import { kills, stopped } from '../../../bench/scenarios/kills.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const replay = new URL('../../../bench/replay.ts', import.meta.url).pathname

/** Answers by itself, so that it is as good as a proxy whose backends are well. */
const peer: Peer = {
  name: 'nginx',
  install: '',
  version: () => '1',
  launch: ({ port }) => ({ command: [process.execPath, replay, 'headers-2', `${port},0`], files: {} }),
}

const measured = {
  requests: 1,
  failed: 0,
  elapsedMs: 1,
  saturation: [],
  latencies: { percentileUs: () => 1 },
} as unknown as LoadResult

/** `loads`: what comes of each run of load, the warm-up of the contestant included. */
function stageOf(loads: readonly (() => Promise<LoadResult>)[]) {
  const directory = temporaryFolder()
  const nursery = createNursery(directory)
  onTestFinished(() => nursery.close())
  const left = [...loads]
  const stage: Stage = {
    arena: { directory, nursery, cores: planCores(1, false) },
    crew: { run: () => left.shift()?.() ?? Promise.resolve(measured) },
    peers: [peer],
    rounds: 1,
    secondsPerRound: 0.2,
    connections: 1,
    record: () => undefined,
    progress: () => undefined,
    complain: () => undefined,
  }
  return { stage, nursery }
}

const well = (): Promise<LoadResult> => Promise.resolve(measured)
const failed = (): Promise<LoadResult> => Promise.reject(new Error('the load failed'))

test.each([
  ['kills', kills, [well, failed]],
  ['stopped', stopped, [well, failed]],
  ['outage', outage, [well, well, failed]],
])(
  '%s makes no more trouble once its load has failed',
  async (_, scenario, loads) => {
    const { stage, nursery } = stageOf(loads)
    expect(await Promise.resolve(scenario.run(stage)).catch(String)).toBe('Error: the load failed')
    // Trouble that went on would find nobody, and its failure would be nobody's.
    await nursery.close()
  },
  20_000,
)
