/**
 * Connections that are open and say nothing, after one request each as a browser's would be: what idle clients cost.
 * They last from one plan to the next.
 */
import { profiles, renderRequest } from '../profile.ts'
import { Connection } from './connection.ts'
import type { LoadPlan } from './plan.ts'

export interface IdleCrowd {
  /** Opens or closes until there are as many as the plan wants; another port gets all new ones. */
  readonly adjust: (plan: LoadPlan) => Promise<void>
}

/** Opened at once: a listener's backlog may be as short as 128. */
const openAtOnce = 100

export function createIdleCrowd(): IdleCrowd {
  let crowd: Connection[] = []
  let port: number | undefined
  return {
    async adjust(plan) {
      const kept = plan.port === port ? plan.idle : 0
      for (const connection of crowd.splice(kept)) connection.close()
      port = plan.port
      while (crowd.length < plan.idle) {
        const count = Math.min(openAtOnce, plan.idle - crowd.length)
        crowd = crowd.concat(await Promise.all(Array.from({ length: count }, () => openOne(plan))))
      }
    },
  }
}

/** Resolves when its request is answered, or has failed: then it is not a connection, and memory will show it. */
function openOne(plan: LoadPlan): Promise<Connection> {
  const profile = profiles[plan.profile]
  if (profile === undefined)
    throw new Error(`profile must be of ${Object.keys(profiles).join(', ')}, got ${plan.profile}`)
  const request = renderRequest(profile, `${plan.host}:${plan.port}`, { close: false, path: plan.path, id: 0 })
  return new Promise((resolve) => {
    const connection = new Connection({ ...plan, reconnect: false }, () => {
      connection.intendedMs = undefined
      resolve(connection)
    })
    connection.send(request, 0)
  })
}
