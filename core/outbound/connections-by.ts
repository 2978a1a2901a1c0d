/** From what a pool's backends are to be spoken to in to the connections that do so. Another protocol behind is another line here. */
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import { Http1Pool } from './http1-pool.ts'
import { Http2Pool } from './http2-pool.ts'
import { NegotiatedPool, type NegotiatedPoolOptions } from './negotiated-pool.ts'
import type { BackendProtocol } from './policy.ts'

type Connections = new (options: NegotiatedPoolOptions, policy: ConnectionPolicy) => BackendConnections

/** Over TLS, and without it. */
const CONNECTIONS: Readonly<Record<BackendProtocol, readonly [overTls: Connections, plain: Connections]>> = {
  'http/1.1': [Http1Pool, Http1Pool],
  h2: [Http2Pool, Http2Pool],
  h2c: [Http2Pool, Http2Pool],
  auto: [NegotiatedPool, Http1Pool],
}

export function connectionsBy({ protocol = 'http/1.1', manner }: ConnectionPolicy): Connections {
  const [overTls, plain] = CONNECTIONS[protocol]
  return manner?.tls === undefined ? plain : overTls
}
