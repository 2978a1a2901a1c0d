/** A member of which a source knows host and port, and little else. */
import { formatAddress } from '../address.ts'
import type { Member } from '../backend/member.ts'

/** `host`: an IP address, IPv6 without brackets, or a name. */
export function memberAt(
  host: string,
  port: number,
  facts: Partial<Pick<Member, 'weight' | 'tier' | 'zone' | 'isDraining'>> = {},
): Member {
  const address = { kind: 'tcp', host, port } as const
  return {
    id: formatAddress(address),
    address,
    weight: 1,
    tier: 0,
    maxInflight: undefined,
    zone: undefined,
    isDraining: false,
    place: undefined,
    ...facts,
  }
}
