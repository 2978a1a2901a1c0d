/** WebSocket connections that echo small messages: what an upgraded connection costs. */
import { join } from 'node:path'
import { ownCommand } from '../../cli/process/own-command.ts'
import { freePort, untilAnswering } from '../contest.ts'
import { createCrew } from '../load/crew.ts'
import { measure } from '../measure.ts'
import { fullSpeed, planFor, startAll } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'

const program = join(import.meta.dirname, '..', 'load', 'echo.ts')

export const tunnels: Scenario = {
  name: 'tunnels',
  summary: 'WebSocket messages of 64 bytes, each client sending the next when the last one has come back.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage: Stage = { ...outer, crew: createCrew(outer.arena.nursery, outer.arena.cores, program) }
    const port = freePort()
    const command = ownCommand('origins', '--servers', '1', '--start-port', String(port), '--quiet')
    const backend = stage.arena.nursery.start({ name: 'origin', command, cores: stage.arena.cores.backends })
    await untilAnswering(backend, 'smartedge origins', [port])
    const contestants = await startAll(stage, { backendPorts: [port] })
    for (let round = 0; round < stage.rounds; round++) {
      for (const contestant of contestants) {
        stage.progress(`tunnels: ${contestant.name}`)
        const plan = planFor(stage, 'headers-2', contestant, { path: '/ws' })
        const measurement = await measure(stage, contestant, plan)
        const values = fullSpeed(measurement)
        stage.record({
          scenario: 'tunnels',
          variant: 'echo',
          contestant: contestant.name,
          values,
          flaws: measurement.flaws,
          curve: [],
        })
      }
    }
    for (const contestant of contestants) await contestant.child?.stop()
    await backend.stop()
  },
}
