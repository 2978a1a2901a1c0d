/** A listener at work and who is connected to it. */
import { formatAddress } from '../address.ts'
import type { ListenerConfig } from '../config/config.ts'
import type { ClientConnection, RequestHandler } from '../net/client-connection.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { ReportFault } from '../net/wire-handlers.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'

export interface ListenerServices {
  readonly handler: RequestHandler
  readonly counters: EdgeCounters
  readonly emit: Emit
  readonly reportFault: ReportFault
  /** Client connections that may be open at once, on all listeners together. */
  readonly maxConnections: () => number
  /** A client has gone. */
  readonly onClosed: () => void
}

export interface RunningListener {
  readonly config: ListenerConfig
  readonly listener: Listener
  readonly clients: ReadonlySet<ClientConnection>
}

/** Throws StartError when the address can't be had. */
export function openListener(config: ListenerConfig, services: ListenerServices): RunningListener {
  const { handler, counters, emit, reportFault } = services
  const clients = new Set<ClientConnection>()
  const admit = createAdmission(services)
  const home = {
    admit,
    onOpened(client: ClientConnection) {
      counters.connectionsAccepted += 1
      counters.connectionsOpen += 1
      clients.add(client)
    },
    onClosed(client: ClientConnection) {
      counters.connectionsOpen -= 1
      clients.delete(client)
      services.onClosed()
    },
  }
  const listener = listen({ ...config, handler, home, reportFault })
  emit({ kind: 'listening', listener: config.name, address: formatAddress(listener.address) })
  return { config, listener, clients }
}

/** Lets clients in up to the cap; says so once each time the cap is reached. */
function createAdmission({ counters, emit, maxConnections }: ListenerServices): () => boolean {
  let isFull = false
  return () => {
    const limit = maxConnections()
    if (counters.connectionsOpen < limit) {
      isFull = false
      return true
    }
    counters.connectionsRefused += 1
    if (!isFull) emit({ kind: 'connection-limit', limit })
    isFull = true
    return false
  }
}
