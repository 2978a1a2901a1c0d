/** From 10 to 10,000 backends in one pool: how long the start takes and how much memory it needs. */
import { startContestant } from '../contest.ts'
import { balancersOf } from '../race.ts'
import { treeMemoryBytes } from '../proc.ts'
import type { Scenario, Stage } from '../scenario.ts'
import type { Peer } from '../peers/peer.ts'

const sizes = [10, 100, 1000, 10_000]

export const scale: Scenario = {
  name: 'scale',
  summary:
    'Pools of 10 to 10,000 backends: time until it accepts connections, and memory. What a pick costs: `bun bench/micro/pick.ts`.',
  effort: { runs: 0, starts: 4 },
  async run(outer) {
    const stage = balancersOf(outer)
    for (const size of sizes) {
      for (const peer of stage.peers) {
        stage.progress(`scale: ${peer.name} with ${size} backends`)
        await start(stage, peer, size)
      }
    }
  },
}

/** Addresses where nobody listens: none is checked, none is asked. */
async function start(stage: Stage, peer: Peer, size: number): Promise<void> {
  const backendPorts = Array.from({ length: size }, (_, index) => 20_000 + index)
  const startMs = performance.now()
  try {
    const contestant = await startContestant(stage.arena, peer, { backendPorts }, 'listens')
    stage.record({
      scenario: 'scale',
      variant: `${size.toLocaleString('en-US')} backends`,
      contestant: peer.name,
      values: { startMs: performance.now() - startMs, memoryBytes: treeMemoryBytes(contestant.child?.pid ?? 0) },
      flaws: [],
      curve: [],
    })
    await contestant.child?.stop()
  } catch (error) {
    stage.complain(`scale, ${size} backends, ${peer.name}: ${String(error)}`)
  }
}
