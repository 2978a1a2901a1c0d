/** Connections to a backend that are each for the requests of one client's connection, and end with it. */
import type { Peer } from '../stream/peer.ts'
import type { Http1Connection } from './http1-connection.ts'

export class ClientConnections {
  /** Clients that are connected, and the idle connection of each. */
  private readonly idle = new Map<Peer, Http1Connection | undefined>()

  /** One is to be opened for it. */
  welcome(client: Peer): void {
    if (this.idle.has(client)) return
    this.idle.set(client, undefined)
    client.whenGone(() => {
      const left = this.idle.get(client)
      this.idle.delete(client)
      left?.discard()
    })
  }

  idleOf(client: Peer): Http1Connection | undefined {
    return this.idle.get(client)
  }

  /** Whether it is kept, which is idle from now on: its client is still there, and has no other. */
  keeps(connection: Http1Connection): boolean {
    const { client } = connection.begun
    if (client === undefined || !this.idle.has(client) || this.idle.get(client) !== undefined) return false
    this.idle.set(client, connection)
    return true
  }

  /** It is idle no more. */
  forget(connection: Http1Connection): void {
    const { client } = connection.begun
    if (client !== undefined && this.idle.get(client) === connection) this.idle.set(client, undefined)
  }
}
