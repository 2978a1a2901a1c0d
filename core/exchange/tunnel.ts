/** Joins a client and a backend that have switched to another protocol, or never spoke HTTP, and counts what passes. */
import { joinWires, type TunnelSide } from '../net/tunnel.ts'
import type { HandedOver } from '../stream/body-form.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import { Alarm } from './alarm.ts'
import type { Attempt } from './attempt.ts'
import type { Route, Services, World } from './world.ts'

/** The exchange that becomes a tunnel. */
export interface TunnelOwner {
  readonly services: Services
  readonly client: ClientStream
  readonly route: Route
  readonly world: World
  requestBytes: number
  responseBytes: number
  /** It is over. `isLost`: in TCP mode the backend has reset it before it had sent a byte; behind a 101 it has shown that it lives. */
  onTunnelOver(attempt: Attempt, isLost: boolean): void
}

export interface TunnelEnds {
  readonly client: HandedOver
  readonly backend: HandedOver
}

export function openTunnel(owner: TunnelOwner, attempt: Attempt, { client, backend }: TunnelEnds): void {
  const { services, route, world } = owner
  const { counters, pipes, wheel } = services
  const { backend: target } = attempt
  const { idleMs = world.timeouts.tunnelMs, longestMs } = route.tunnel ?? {}
  counters.tunnels += 1
  counters.tunnelsOpen += 1
  target.tunnels += 1
  owner.requestBytes += client.early?.length ?? 0
  const fromClient = (length: number): void => {
    counters.bytesFromClients += length
    owner.requestBytes += length
  }
  const fromBackend = (length: number): void => {
    target.counters.bytesFromBackend += length
    owner.responseBytes += length
  }
  // Whoever it belongs to is told by a reset, as with any other end that is not theirs.
  const limit = longestMs === undefined ? undefined : new Alarm(wheel, longestMs, () => client.wire.destroy())
  const backendSide: TunnelSide = { ...backend, onBytes: fromBackend }
  const end = (first: TunnelSide, isReset: boolean): void => {
    limit?.cancel()
    counters.tunnelsOpen -= 1
    target.tunnels -= 1
    const isLost = isReset && first === backendSide && owner.responseBytes === 0 && owner.client.join !== undefined
    owner.onTunnelOver(attempt, isLost)
  }
  joinWires({ ...client, onBytes: fromClient }, backendSide, { idleMs, pipes, onOver: end })
}
