/** Scenarios that are nothing but full speed on some profiles. */
import { assemble, fullSpeed, race } from '../race.ts'
import type { Scenario } from '../scenario.ts'

/** A scenario with one variant for each profile; `reconnect`: with a new client connection for each request. */
export const onProfiles = (
  name: string,
  summary: string,
  profiles: readonly string[],
  reconnect = false,
): Scenario => ({
  name,
  summary,
  effort: { runs: profiles.length, starts: profiles.length },
  async run(stage) {
    for (const profile of profiles) {
      const field = await assemble(stage, profile, undefined, { reconnect })
      await race(stage, field, { scenario: name, variant: profile, changes: { reconnect }, values: fullSpeed })
      await field.stop()
    }
  },
})

export const headers = onProfiles('headers', 'What header fields cost: 2 and 40 of them each way.', [
  'headers-2',
  'headers-40',
])
export const download = onProfiles('download', 'Answers of 10 KiB and 1 MiB.', ['body-10k', 'body-1m'])
export const upload = onProfiles('upload', 'Request bodies of 10 KiB and 1 MiB.', ['upload-10k', 'upload-1m'])
export const connections = onProfiles('connections', 'A new client connection for each request.', ['headers-13'], true)
