/** PROXY headers at a listener: who must send one, who may not, and who connects when one has come. */
import type { ListenerConfig } from '../config/config.ts'
import type { PeerFacts } from '../forward/identify.ts'
import { speakerOf } from '../inbound/protocols.ts'
import { ProxyGreeting } from '../inbound/proxy-greeting.ts'
import type { RequestHandler } from '../inbound/request-handler.ts'
import { createBlockSet } from '../ip/blocks.ts'
import type { OwnedSocket } from '../net/wire-socket.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import type { ProxyHeader } from '../proxy-protocol/header.ts'
import type { ProxyPolicy } from '../proxy-protocol/policy.ts'
import { plainFacts } from '../stream/peer.ts'

/** 'none': a client like any other. */
export type Expectation = 'header' | 'none' | 'refused'

export interface ProxyGateServices {
  readonly handler: Pick<RequestHandler, 'wheel' | 'idle'>
  readonly counters: EdgeCounters
  readonly emit: Emit
}

/** Somebody whose header has been read. */
export interface Arrival {
  readonly facts: PeerFacts
  /** Whoever takes it hears of it from now on. */
  readonly socket: OwnedSocket
  /** What came behind the header; undefined: nothing yet. */
  readonly early: Buffer | undefined
}

/** Where connections are counted that had no good header. */
const COUNTED_AS = {
  invalid: 'proxyHeadersInvalid',
  late: 'proxyHeadersLate',
  cut: 'proxyHeadersCut',
} as const

export class ProxyGate {
  private readonly services: ProxyGateServices
  private listener: ListenerConfig
  /** undefined: nothing is expected of anybody. */
  private expects: ((address: string) => Expectation) | undefined

  constructor(listener: ListenerConfig, services: ProxyGateServices) {
    this.services = services
    this.listener = listener
    this.expects = expectationOf(listener.proxyProtocol)
  }

  /** Holds for whoever connects from now on. */
  update(listener: ListenerConfig): void {
    this.listener = listener
    this.expects = expectationOf(listener.proxyProtocol)
  }

  /** Of whoever connects from that address ('' on a Unix socket). */
  expected(address: string): Expectation {
    return this.expects === undefined ? 'none' : this.expects(address)
  }

  turnAway(address: string): 'unwanted' {
    this.services.counters.proxyHeadersOfStrangers += 1
    this.tell(address, 'it may not send one, and others may not connect')
    return 'unwanted'
  }

  /** Reads the header of a connection from that address; `onEnd`: undefined: there is none, and the connection is gone. */
  greet(address: string, onEnd: (arrival: Arrival | undefined) => void): ProxyGreeting {
    const { counters, handler } = this.services
    return new ProxyGreeting(handler, this.listener.proxyProtocol?.timeoutMs ?? 0, {
      onHeader: (header, socket, early) => onEnd({ facts: factsOf(address, header), socket, early }),
      onFailed: (how, detail) => {
        // Who connects, says nothing and leaves only looks whether somebody is there.
        if (how === 'late' || detail !== undefined) counters[COUNTED_AS[how]] += 1
        if (detail !== undefined) this.tell(address, detail)
        onEnd(undefined)
      },
    })
  }

  private tell(address: string, detail: string): void {
    this.services.emit({ kind: 'proxy-header-refused', listener: this.listener.name, address, detail })
  }
}

function expectationOf(policy: ProxyPolicy | undefined): ((address: string) => Expectation) | undefined {
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
function factsOf(address: string, { route, told }: ProxyHeader): PeerFacts {
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
