/** Joins a client and a backend that have switched to another protocol, and counts what passes. */
import type { Backend } from '../backend/backend.ts'
import type { Pipes } from '../net/pipes.ts'
import { joinWires } from '../net/tunnel.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { HandedOver } from '../stream/body-form.ts'

export interface Tunnel {
  readonly client: HandedOver
  readonly backend: HandedOver
  readonly edgeCounters: EdgeCounters
  readonly target: Backend
  /** Longest silence both ways. */
  readonly tunnelMs: number
  readonly pipes: Pipes | undefined
  /** Called once, when the tunnel is over. */
  readonly onOver: () => void
}

export function openTunnel({ client, backend, edgeCounters, target, tunnelMs, pipes, onOver }: Tunnel): void {
  edgeCounters.tunnels += 1
  edgeCounters.tunnelsOpen += 1
  target.tunnels += 1
  const clientSide = { ...client, onBytes: (length: number) => (edgeCounters.bytesFromClients += length) }
  const backendSide = { ...backend, onBytes: (length: number) => (target.counters.bytesFromBackend += length) }
  const end = (): void => {
    edgeCounters.tunnelsOpen -= 1
    target.tunnels -= 1
    onOver()
  }
  joinWires(clientSide, backendSide, { idleMs: tunnelMs, pipes, onOver: end })
}
