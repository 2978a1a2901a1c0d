/** Who is at the other end of a client's connection. */
import type { ClientCertificate } from '../forward/client-certificate.ts'
import type { Door } from '../forward/door.ts'
import type { ClientIdentity, Identify, PeerFacts, Proxied } from '../forward/identify.ts'
import type { Wire } from '../net/wire.ts'

/** Of a connection without TLS. */
export const plainFacts = (address: string): PeerFacts => ({
  address,
  scheme: 'http',
  serverName: undefined,
  protocol: undefined,
  certificate: undefined,
})

/** One connection's peer. Whom we trust may change while it is connected, so its identity is asked for by snapshot. */
export class Peer implements PeerFacts {
  readonly address: string
  readonly scheme: 'http' | 'https'
  readonly serverName: string | undefined
  readonly protocol: string | undefined
  readonly certificate: ClientCertificate | undefined
  readonly proxied: Proxied | undefined
  /** What its connection goes over; said by whoever reads from that. */
  wire: Wire | undefined = undefined
  readonly door: Door | undefined
  private askedOf: Identify | undefined = undefined
  private known: ClientIdentity | undefined = undefined
  private waiting: (() => void)[] | undefined = undefined

  constructor(facts: PeerFacts) {
    this.address = facts.address
    this.scheme = facts.scheme
    this.serverName = facts.serverName
    this.protocol = facts.protocol
    this.certificate = facts.certificate
    this.proxied = facts.proxied
    this.door = facts.door
  }

  /** Who this is by the snapshot that `identify` belongs to; asked once for each snapshot. */
  identityBy(identify: Identify): ClientIdentity {
    if (this.askedOf !== identify || this.known === undefined) {
      this.askedOf = identify
      this.known = identify(this)
    }
    return this.known
  }

  /** Runs `task` once the connection is gone; it is not, yet. */
  whenGone(task: () => void): void {
    ;(this.waiting ??= []).push(task)
  }

  /** The connection is gone: said once, by the connection. */
  gone(): void {
    for (const task of this.waiting ?? []) task()
    this.waiting = undefined
  }
}
