/** From 10 to 10,000 backends in one pool: how long the start takes and how much memory it needs. */
import { startBackends, startContestant } from '../contest.ts'
import { balancersOf } from '../race.ts'
import { treeMemoryBytes } from '../proc.ts'
import type { Scenario, Stage } from '../scenario.ts'
import type { Peer } from '../peers/peer.ts'

const sizes = [10, 100, 1000, 10_000]

export const scale: Scenario = {
  name: 'scale',
  summary:
    'Pools of 10 to 10,000 backends: time to the first answer, and memory. What a pick costs: `bun bench/micro/pick.ts`.',
  effort: { runs: 0, starts: 4 },
  async run(outer) {
    const stage = balancersOf(outer)
    const backends = await startBackends(stage.arena, { profile: 'headers-2', delaysMs: [0] })
    const [port = 0] = backends.ports
    for (const size of sizes) {
      for (const peer of stage.peers) {
        stage.progress(`scale: ${peer.name} with ${size} backends`)
        await start(stage, peer, size, port)
      }
    }
    await backends.child.stop()
  },
}

/** The first backend answers; the others are addresses where nobody listens, and none is checked. */
async function start(stage: Stage, peer: Peer, size: number, port: number): Promise<void> {
  const others = Array.from({ length: size - 1 }, (_, index) => 20_000 + index)
  const startMs = performance.now()
  try {
    const contestant = await startContestant(stage.arena, peer, { backendPorts: [port, ...others] })
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
