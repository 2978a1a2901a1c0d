/** Which origins the demo starts: pure. */
import { plainProfile } from '../../bench/backend.ts'
import { formatAddress } from '../../core/address.ts'
import type { Config } from '../../core/config/config.ts'
import type { OriginSpec } from './start-origins.ts'

const localHost = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/

/** One a TCP address, though several pools may share it; each a little slower than the one before, for strategies to see. */
export function localOrigins(config: Config): OriginSpec[] {
  const addresses = config.pools
    .flatMap((pool) => pool.members.map((member) => member.address))
    .filter((address) => address.kind === 'tcp')
    .filter((address) => localHost.test(address.host))
    // Whatever the name stands for, clients of it try the IPv4 address too; and no port is wanted twice.
    .map((address) => (address.host === 'localhost' ? { ...address, host: '127.0.0.1' } : address))
  const unique = new Map(addresses.map((address) => [formatAddress(address), address]))
  return Array.from(unique.values(), ({ host, port }, index) => ({
    host,
    port,
    profile: { ...plainProfile, latencyMs: { min: 2 + 4 * index, max: 6 + 8 * index } },
  }))
}
