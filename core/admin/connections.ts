/**
 * Who is connected to the admin API. It takes a few at once, so that nobody can use up the process's descriptors by it;
 * at the cap the one that has waited longest without a request under way gives way. So whoever sends a request is served,
 * however many only knock.
 */
import { Http1Connection } from '../inbound/http1-connection.ts'
import type { ClientHome, RequestHandler } from '../inbound/request-handler.ts'
import type { Wire } from '../net/wire.ts'
import { Peer, plainFacts } from '../stream/peer.ts'

/** A share of what may be open at all, within what dashboards and scrapers need. `limit`: undefined: nobody knows it. */
export const maxAdminConnections = (limit: number | undefined): number =>
  Math.min(128, Math.max(16, Math.floor((limit ?? 4096) / 16)))

export class AdminConnections implements ClientHome<Http1Connection> {
  private readonly handler: RequestHandler
  private readonly max: number
  private readonly open = new Map<Peer, Http1Connection>()
  /** Without a request under way, the one that has been so longest first. */
  private readonly waiting = new Set<Peer>()

  constructor(handler: RequestHandler, max: number) {
    this.handler = handler
    this.max = max
  }

  /** A wire for one that has come in; undefined: all that are there are being served. */
  accept(address: string): Wire | undefined {
    if (this.open.size >= this.max && !this.makeRoom()) return undefined
    const peer = new Peer(plainFacts(address))
    const connection = new Http1Connection(this.handler, this, peer)
    this.open.set(peer, connection)
    this.waiting.add(peer)
    return connection.wire
  }

  /** A request of this peer is under way, until the returned function is called. */
  begin(peer: Peer): () => void {
    this.waiting.delete(peer)
    return () => {
      if (this.open.has(peer)) this.waiting.add(peer)
    }
  }

  onClosed({ peer }: Http1Connection): void {
    this.open.delete(peer)
    this.waiting.delete(peer)
  }

  /** Each is answered once more at most. */
  letGo(): void {
    for (const connection of this.open.values()) connection.letGo()
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const connection of this.open.values()) connection.wire.destroy()
  }

  private makeRoom(): boolean {
    const [longest] = this.waiting
    if (longest === undefined) return false
    const connection = this.open.get(longest)
    this.open.delete(longest)
    this.waiting.delete(longest)
    connection?.wire.destroy()
    return true
  }
}
