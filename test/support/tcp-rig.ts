/** A client in TCP mode, the edge, and backends that a test plays. Disposing of it checks what the edge's checks. */
import type { ListenerMode, TcpRouteConfig } from '../../core/config/config.ts'
import { type EdgeOverrides, startTestEdge, tcpListener, type TestEdge } from './edge.ts'
import { type RawBackend, startRawBackend } from './raw-backend.ts'
import { connectTo } from './raw-client.ts'
import type { PeerOptions, RawPeer } from './raw-peer.ts'

export const tcpRoute = (overrides: Partial<TcpRouteConfig> & { readonly host?: string } = {}): TcpRouteConfig => {
  const { host, ...rest } = overrides
  const match = { listener: 'db', host, path: undefined, methods: undefined, headers: [] }
  return { match, pool: 'web', priority: 5, tunnel: { idleMs: 60_000, longestMs: undefined }, ...rest }
}

export interface TcpRigOptions extends EdgeOverrides {
  readonly backends?: number
  readonly mode?: ListenerMode
  readonly routes?: readonly TcpRouteConfig[]
  readonly backend?: PeerOptions
}

export interface TcpRig {
  readonly edge: TestEdge
  readonly backends: readonly RawBackend[]
  connect(options?: PeerOptions): Promise<RawPeer>
  /** A client and the connection of a backend that it has been joined to. */
  join(index?: number): Promise<{ client: RawPeer; peer: RawPeer }>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startTcpRig(options: TcpRigOptions = {}): Promise<TcpRig> {
  const { backends: count = 1, mode = 'tcp', routes = [tcpRoute()], config, ...rest } = options
  const stack = new AsyncDisposableStack()
  const start = () => stack.use(startRawBackend({ staysOpen: true, ...options.backend, isTcp: true }))
  const backends = Array.from({ length: count }, start)
  const listeners = [{ ...tcpListener('db', 0), mode }]
  const ports = backends.map(({ port }) => port)
  const edge = stack.use(await startTestEdge(ports, { ...rest, config: { listeners, tcpRoutes: routes, ...config } }))
  const connect = async (peer: PeerOptions = { staysOpen: true }) => stack.use(await connectTo(edge.port, peer))
  return {
    edge,
    backends,
    connect,
    async join(index = 0) {
      const client = await connect()
      return { client, peer: await backends[0]!.connection(index) }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** How one more client ends that is let in by nobody: it may be reset as it connects. */
export const turnedAway = (rig: TcpRig): Promise<string> =>
  rig.connect().then(
    (client) => client.expectClosed(),
    () => 'reset',
  )
