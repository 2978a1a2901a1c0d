/** A config under control behind an admin API, and the command line that asks it. */
import { main } from '../../cli/main.ts'
import { formatAddress } from '../../core/address.ts'
import { Secret } from '../../core/secrets.ts'
import { adminServer } from '../support/admin-server.ts'
import { fakeAdminSource } from '../support/admin-source.ts'
import type { ServiceIo } from '../../cli/process/service-io.ts'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { type Controlled, controlled } from '../support/controlled.ts'
import { fakeIo } from '../support/service-io.ts'

export const files = {
  'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }',
  'm.json': '{ "backends": ["http://a", "http://b"] }',
}

/** By the sources of a pool that has any. */
const FOUND = { id: 'found:80', isDraining: false, weight: 1 }

/** What the status tells of the members in force. `checks`: how many health checks have ended. */
function statusOf({ edge, controller }: Controlled, checks: { ended: number }): StatusSnapshot {
  const lastCheck = () => ({
    at: new Date(checks.ended++).toISOString(),
    passed: true,
    elapsedMs: 3,
    detail: '200 OK',
  })
  const pools = edge.config.pools.map(({ name, members, discovery }) => ({
    name,
    ...(discovery && { sources: [{}] }),
    backends: [...members, ...(discovery === undefined ? [] : [FOUND])].map(({ id, isDraining, weight }) => ({
      id,
      state: isDraining ? 'draining' : id === 'sick:80' ? 'unhealthy' : 'healthy',
      weight,
      lastCheck: lastCheck(),
    })),
  }))
  return { pools, reload: controller.state() } as unknown as StatusSnapshot
}

/** Files under control behind an admin API, and the command line asking it. */
export async function start(given: Readonly<Record<string, string>> = files, token?: string) {
  const one = await controlled(given)
  const checks = { ended: 0 }
  const status = () => statusOf(one, checks)
  const source = fakeAdminSource({ config: () => one.edge.config, control: one.controller, status })
  const server = await adminServer({ token: token === undefined ? undefined : new Secret(token), source })
  const url = `http://${formatAddress(server.address)}`
  const run = async (line: string, env: Readonly<Record<string, string>> = {}, overrides: Partial<ServiceIo> = {}) => {
    const io = fakeIo({ env: { SMARTEDGE_ADMIN_URL: url, ...env }, ...overrides })
    const code = await main(line.split(' '), io)
    return { code, out: io.out(), err: io.err() }
  }
  return { ...one, run, address: formatAddress(server.address) }
}
