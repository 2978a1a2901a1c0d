/** The load of HTTP/2: h2load, a process for each run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Arena } from '../contest.ts'
import { parseH2load, renderH2load, requestNamed } from '../h2load.ts'
import { combineReports, type Crew } from './crew.ts'
import { createLatencies } from './latencies.ts'

/** Of its output: a line for each connection that fails, and the summary. */
const LOG_LINES = 10_000

/** It tells no latencies. Whoever shares a core with the backend gives way to it, as in `createCrew`. */
export const createH2loadCrew = ({ nursery, cores, directory }: Arena): Crew => ({
  async run(plan) {
    const request = requestNamed(plan.profile)
    const bodyFile = request.body && join(directory, `${plan.profile}.body`)
    if (bodyFile !== undefined && request.body !== undefined) writeFileSync(bodyFile, request.body)
    const command = renderH2load(plan, request, bodyFile)
    const child = nursery.start({ name: 'h2load', command, cores: cores.load })
    await child.ended
    const result = parseH2load(child.log(LOG_LINES))
    if (result === undefined) throw new Error(`h2load said nothing of use:\n${child.log(3)}`)
    const latencies = createLatencies().encode()
    return combineReports(plan, [{ ...result, latencies, lagP99Us: 0, busyRatio: 0, resumed: 0 }])
  },
})
