/** Bun's own sockets: where there is no epoll of our own, and for TLS. */
import { systemLibc } from './libc.ts'
import type { HostAddress } from '../../bind-hosts.ts'
import type { SocketAddress } from '../../address.ts'
import type { Clock } from '../../clock.ts'
import type { AcceptEvents, BoundSocket, Transport } from '../transport.ts'
import type { SocketOwner } from '../wire-socket.ts'
import { plain } from '../ends.ts'
import { connectByBun } from './connect-bun.ts'
import { connectByLibc } from './connect-libc.ts'
import { handlersFor } from './handlers.ts'

export const openBun = (clock: Pick<Clock, 'soon'>): Transport => ({
  name: 'bun',
  bindHost({ host: hostname, port }: HostAddress, { reusePort }, events) {
    // Bun's types know of `reusePort` for `Bun.serve` alone.
    const where = { hostname, port, reusePort }
    return asBound(Bun.listen<SocketOwner>({ ...optionsOf(events, clock), ...where }))
  },
  bindPath(path, events) {
    return asBound(Bun.listen<SocketOwner>({ ...optionsOf(events, clock), unix: path }), { kind: 'unix', path })
  },
  connects(reportFault) {
    const libc = systemLibc()
    const means = { reportFault, clock }
    return libc === undefined ? connectByBun(means) : connectByLibc(libc, means)
  },
})

/** What Bun's types do not know of. */
interface BunListener {
  stop(): void
  readonly fd?: number
  getsockname?(into: { address: string; port: number }): void
}

/** `address`: where it listens; without one by number, whatever name it was opened by. */
function asBound(listener: BunListener, address?: SocketAddress): BoundSocket {
  const name = { address: '', port: 0 }
  if (address === undefined) listener.getsockname?.(name)
  return {
    address: address ?? { kind: 'tcp', host: name.address, port: name.port },
    fd: address === undefined ? listener.fd : undefined,
    stop: () => listener.stop(),
  }
}

const optionsOf = ({ onAccepted, reportFault }: AcceptEvents, clock: Pick<Clock, 'soon'>) => ({
  socket: handlersFor<SocketOwner>((socket) => onAccepted(socket, plain(socket.remoteAddress ?? '')), {
    reportFault,
    clock,
  }),
  allowHalfOpen: true,
})
