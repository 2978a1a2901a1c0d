/** A member of which a source knows the parts, read by the rules of the config: an address may be no address, a weight 0. */
import type { ReadMember } from './listing.ts'

export interface MemberParts {
  /** An IP address or a name. */
  readonly host: string
  readonly port: unknown
  readonly weight?: number | undefined
  readonly zone?: string | undefined
  readonly tier?: number | undefined
}

/** What members may weigh; beyond it they weigh as much as they may. */
const [LEAST_WEIGHT, MOST_WEIGHT] = [0.001, 1000]

export function readParts(
  { host, port, weight, zone, tier }: MemberParts,
  readMember: ReadMember,
): ReturnType<ReadMember> {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535)
    return { kind: 'fault', reason: `has no port that is one: ${JSON.stringify(port)}` }
  return readMember({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(weight !== undefined && { weight: Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, weight)) }),
    ...(zone !== undefined && zone !== '' && { zone }),
    ...(tier !== undefined && { tier }),
  })
}
