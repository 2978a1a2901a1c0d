/** Who must send a PROXY header at a listener, who may not, and who connects when one has come. */
import type { PeerFacts } from '../forward/identify.ts'
import { speakerOf } from '../inbound/protocols.ts'
import { createBlockSet } from '../ip/blocks.ts'
import type { ProxyHeader } from '../proxy-protocol/header.ts'
import type { ProxyPolicy } from '../proxy-protocol/policy.ts'
import { plainFacts } from '../stream/peer.ts'

/** 'none': a client like any other. */
export type Expectation = 'header' | 'none' | 'refused'

/** What is expected of whoever connects from an address ('' on a Unix socket). */
export type Expect = (address: string) => Expectation

/** undefined: nothing of anybody. */
export function expectationOf(policy: ProxyPolicy | undefined): Expect | undefined {
  if (policy === undefined) return undefined
  const { from, others } = policy
  if (from === undefined) return () => 'header'
  const unix = 'unix:'
  const blocks = createBlockSet(from.filter((one) => one !== unix))
  const takesUnix = from.includes(unix)
  return (address) =>
    (address === '' ? takesUnix : blocks.has(address)) ? 'header' : others === 'plain' ? 'none' : 'refused'
}

/** Who is at the other end of a connection from `address`, by the header that came with it. */
export function arrivalOf(address: string, { route, told }: ProxyHeader): PeerFacts {
  const { alpn, authority, isSecure } = told
  return {
    ...plainFacts(route?.source.address ?? address),
    ...(isSecure === true && { scheme: 'https' }),
    serverName: authority,
    // What the sender agreed on is what comes, where we speak it.
    protocol: alpn !== undefined && speakerOf(alpn) !== undefined ? alpn : undefined,
    proxied: { by: address, route, uniqueId: told.uniqueId },
  }
}
