/** Bun's own sockets: where there is no epoll of our own, and for TLS. */
import { systemLibc } from './libc.ts'
import type { HostAddress } from '../../bind-hosts.ts'
import type { SocketAddress } from '../../address.ts'
import type { Clock } from '../../clock.ts'
import { listenOptionsOf } from '../listen-options.ts'
import type { AcceptEvents, BoundSocket, Transport } from '../transport.ts'
import type { SocketOwner } from '../wire-socket.ts'
import { plain } from '../ends.ts'
import { connectByBun } from './connect-bun.ts'
import { connectByLibc } from './connect-libc.ts'
import { handlersFor } from './handlers.ts'

export const openBun = (clock: Pick<Clock, 'soon'>): Transport => ({
  name: 'bun',
  bindHost({ host: hostname, port }: HostAddress, { reusePort, isV6Only: ipv6Only = false }, events) {
    // Bun's types know of these for `Bun.serve` alone.
    const where = { hostname, port, reusePort, ipv6Only }
    return asBound(Bun.listen<SocketOwner>({ ...optionsOf(events, clock), ...where }), {
      kind: 'ip',
      host: hostname,
      isV6Only: ipv6Only,
    })
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

/** `asked`: where it was to listen; the system tells by number where that is, whatever name it was asked by. */
function asBound(listener: BunListener, asked: Asked): BoundSocket {
  const { fd } = listener
  const setOptions = fd === undefined || fd < 0 ? undefined : listenOptionsOf()
  return {
    address: asked.kind === 'unix' ? asked : nameOf(listener, asked),
    fd: asked.kind === 'unix' ? undefined : fd,
    ...(fd !== undefined &&
      setOptions && { setOptions: (options) => setOptions(fd, asked.kind === 'unix' ? 'unix' : 'tcp', options) }),
    stop: () => listener.stop(),
  }
}

type Asked =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'ip'; readonly host: string; readonly isV6Only: boolean }

/** Its interface the system tells elsewhere, and that it is not for IPv4 nowhere. */
function nameOf(listener: BunListener, { host, isV6Only }: Extract<Asked, { kind: 'ip' }>): SocketAddress {
  const name = { address: '', port: 0 }
  listener.getsockname?.(name)
  const found = host.includes('%') ? host : name.address
  return { kind: 'tcp', host: found, port: name.port, ...(isV6Only && { isV6Only }) }
}

const optionsOf = ({ onAccepted, reportFault }: AcceptEvents, clock: Pick<Clock, 'soon'>) => ({
  socket: handlersFor<SocketOwner>((socket) => onAccepted(socket, plain(socket.remoteAddress ?? '')), {
    reportFault,
    clock,
  }),
  allowHalfOpen: true,
})
