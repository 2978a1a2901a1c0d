/** A member of which a source knows the parts, read by the rules of the config: an address may be no address, a weight none. */
import { formatAddress } from '../address.ts'
import type { ReadMember } from './listing.ts'

export interface MemberParts {
  /** An IP address or a name. */
  readonly host: string
  readonly port: unknown
  readonly weight?: number | undefined
  readonly zone?: string | undefined
  readonly tier?: number | undefined
  readonly isDraining?: boolean
}

export function readParts(
  { host, port, weight, zone, tier, isDraining = false }: MemberParts,
  readMember: ReadMember,
): ReturnType<ReadMember> {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535)
    return { kind: 'fault', reason: `has no port that is one: ${JSON.stringify(port)}` }
  const read = readMember({
    url: `http://${formatAddress({ kind: 'tcp', host, port })}`,
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && zone !== '' && { zone }),
    ...(tier !== undefined && { tier }),
    ...(isDraining && { drain: true }),
  })
  if (read.kind === 'fault') return read
  // It tells of no scheme: that is for the pool to say.
  const { scheme: _unsaid, ...member } = read.member
  return { kind: 'member', member }
}
