/**
 * What rules of a route and the access log cost a request that they let through.
 * `bun bench/rules.ts --rounds 8 --seconds 2 --profile headers-13`
 */
import { besideOff } from './beside-off.ts'
import type { Peer } from './peers/peer.ts'
import { createSmartedge } from './peers/smartedge.ts'

/** SmartEdge with more in its configuration. */
function withConfig(name: string, more: object): Peer {
  const plain = createSmartedge()
  return {
    ...plain,
    name,
    launch(job) {
      const { command, files } = plain.launch(job)
      const changed = Object.entries(files).map(([file, text]) => [file, extended(text, more)] as const)
      return { command, files: Object.fromEntries(changed) }
    },
  }
}

const extended = (text: string, more: object): string => JSON.stringify({ ...(JSON.parse(text) as object), ...more })

const withRoute = (name: string, route: object): Peer => withConfig(name, { routes: [{ pool: 'web', ...route }] })

/** More than comes. */
const rate = '1000000/s'

await besideOff('bench/rules.ts', [
  withRoute('a limit that only reports', { limits: [{ rate, report: true }] }),
  withRoute('a limit', { limits: [{ rate }] }),
  withRoute('addresses', { access: { addresses: { deny: ['192.0.2.0/24'] } } }),
  withConfig('an access log', { log: { access: { to: '/dev/null' } } }),
])
