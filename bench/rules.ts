/**
 * What rules of a route and the access log cost a request that they let through.
 * `bun bench/rules.ts --rounds 8 --seconds 2 --profile headers-13`
 */
import { besideOff, smartedgeOff, smartedgeWith } from './beside-off.ts'
import type { Peer } from './peers/peer.ts'

const withRoute = (name: string, route: object): Peer => smartedgeWith(name, { routes: [{ pool: 'web', ...route }] })

/** More than comes. */
const rate = '1000000/s'

const variants = [
  withRoute('a limit that only reports', { limits: [{ rate, report: true }] }),
  withRoute('a limit', { limits: [{ rate }] }),
  withRoute('addresses', { access: { addresses: { deny: ['192.0.2.0/24'] } } }),
  smartedgeWith('an access log', { log: { access: { to: '/dev/null' } } }),
]

await besideOff('bench/rules.ts', [{ off: smartedgeOff, variants }])
