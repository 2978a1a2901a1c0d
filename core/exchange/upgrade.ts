/** Turns a client's and a backend's connection into a tunnel, once the 101 is on its way. */
import type { Backend } from '../backend/backend.ts'
import type { BackendConnection } from '../net/backend-connection.ts'
import type { ClientConnection } from '../net/client-connection.ts'
import { joinWires } from '../net/tunnel.ts'
import type { EdgeCounters } from '../observe/counters.ts'

export interface Upgrade {
  readonly client: ClientConnection
  readonly backend: BackendConnection
  readonly edgeCounters: EdgeCounters
  readonly target: Backend
  /** Longest silence both ways. */
  readonly tunnelMs: number
  /** Called once, when the tunnel is over. */
  readonly onOver: () => void
}

export function openTunnel({ client, backend, edgeCounters, target, tunnelMs, onOver }: Upgrade): void {
  edgeCounters.tunnels += 1
  edgeCounters.tunnelsOpen += 1
  target.tunnels += 1
  const clientSide = {
    wire: client.wire,
    connection: client,
    early: client.handOver(),
    onBytes: (length: number) => (edgeCounters.bytesFromClients += length),
  }
  const backendSide = {
    wire: backend.wire,
    connection: backend,
    early: backend.handOver(),
    onBytes: (length: number) => (target.counters.bytesFromBackend += length),
  }
  joinWires(clientSide, backendSide, tunnelMs, () => {
    edgeCounters.tunnelsOpen -= 1
    target.tunnels -= 1
    onOver()
  })
}
