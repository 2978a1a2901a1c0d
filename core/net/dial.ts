/** Opens sockets to backends: the one place where a connect begins. */
import type { SocketHandler } from 'bun'
import type { SocketAddress } from '../address.ts'
import type { Wire } from './wire.ts'
import { reportConnectFailure, type ReportFault, wireHandlers } from './wire-handlers.ts'

/** Connects `wire` to `address`; its owner hears `onOpen` or `onConnectError`, in a later event. Can't be given up: see Wire. */
export type Dial = (address: SocketAddress, wire: Wire) => void

export function createDial(reportFault: ReportFault): Dial {
  const socket: SocketHandler<Wire> = wireHandlers((opened) => opened.data.opened(opened), reportFault)
  return (address, wire) => {
    const shared = { socket, data: wire, allowHalfOpen: true }
    const opening = Promise.try(() =>
      address.kind === 'unix'
        ? Bun.connect<Wire>({ ...shared, unix: address.path })
        : Bun.connect<Wire>({ ...shared, hostname: address.host, port: address.port }),
    )
    opening.catch((error: unknown) => reportConnectFailure(wire, error, reportFault))
  }
}
