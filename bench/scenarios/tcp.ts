/** TCP mode: what it costs to pass on bytes, beside nginx's stream and HAProxy's TCP mode. */
import { assemble, fullSpeed, race, tcpOf } from '../race.ts'
import type { Scenario } from '../scenario.ts'

/** Small messages to and fro, bulk one way, and a connection for each message. */
const variants = [
  { variant: 'messages', profile: 'headers-2', reconnect: false },
  { variant: '1 MiB', profile: 'body-1m', reconnect: false },
  { variant: 'connections', profile: 'headers-2', reconnect: true },
] as const

export const tcp: Scenario = {
  name: 'tcp',
  summary:
    'TCP mode: small messages to and fro, 1 MiB at a time, and a connection for each message; the load happens to be HTTP.',
  effort: { runs: variants.length, starts: variants.length, contestants: 5 },
  async run(outer) {
    const stage = tcpOf(outer)
    for (const { variant, profile, reconnect } of variants) {
      // What makes a connection is compiled only after some ten thousand of them.
      const warm = reconnect ? { ...stage, warmupRequests: 15_000 } : stage
      const field = await assemble(warm, profile, { delaysMs: [0], mode: 'tcp' }, { reconnect })
      await race(stage, field, { scenario: 'tcp', variant, changes: { reconnect }, values: fullSpeed })
      await field.stop()
    }
  },
}
