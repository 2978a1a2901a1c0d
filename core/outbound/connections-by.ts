/** From what a pool's backends are to be spoken to in to the connections that do so. Another protocol behind is another line here. */
import { EITHER, HTTP_1_1, HTTP_2 } from '../net/alpn.ts'
import type { Protocol } from '../net/opening.ts'
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import { Http1Pool } from './http1-pool.ts'
import { Http2Pool } from './http2-pool.ts'
import { NegotiatedPool, type NegotiatedPoolOptions } from './negotiated-pool.ts'
import type { BackendProtocol } from './policy.ts'

type Connections = new (options: NegotiatedPoolOptions, policy: ConnectionPolicy) => BackendConnections

interface Way {
  readonly Connections: Connections
  /** What they would speak, the preferred first. */
  readonly offers: readonly Protocol[]
}

const HTTP1_ALONE: Way = { Connections: Http1Pool, offers: HTTP_1_1 }
const HTTP2_ALONE: Way = { Connections: Http2Pool, offers: HTTP_2 }
const AS_AGREED: Way = { Connections: NegotiatedPool, offers: EITHER }

/** Over TLS, and without it. */
const WAYS: Readonly<Record<BackendProtocol, readonly [overTls: Way, plain: Way]>> = {
  'http/1.1': [HTTP1_ALONE, HTTP1_ALONE],
  h2: [HTTP2_ALONE, HTTP2_ALONE],
  h2c: [HTTP2_ALONE, HTTP2_ALONE],
  auto: [AS_AGREED, HTTP1_ALONE],
}

export function wayBy(protocol: BackendProtocol = 'http/1.1', isOverTls = false): Way {
  const [overTls, plain] = WAYS[protocol]
  return isOverTls ? overTls : plain
}

export const connectionsBy = ({ protocol, manner }: ConnectionPolicy): Connections =>
  wayBy(protocol, manner?.tls !== undefined).Connections
