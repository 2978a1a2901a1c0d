/**
 * A parsed configuration: every default filled in, every duration in ms, every size in bytes, every name resolved.
 * Immutable; the rest of core reads it and never the file. Defaults stand in `defaults.ts`, rules in `schema.ts`.
 */
import type { AccessLogPolicy } from '../access-log/policy.ts'
import type { ListenAddress, SocketAddress } from '../address.ts'
import type { AccessPolicy } from '../admission/policy.ts'
import type { BreakerPolicy } from '../backend/breaker.ts'
import type { EjectionPolicy } from '../backend/ejection.ts'
import type { Member } from '../backend/member.ts'
import type { SlowStartPolicy } from '../backend/slow-start.ts'
import type { DiscoveryPolicy, ProviderPolicy } from '../discovery/policy.ts'
import type { ExplainPolicy } from '../explain/policy.ts'
import type { DeadlineField } from '../forward/deadline.ts'
import type { Affinity, ConcurrencyPolicy, HedgePolicy, QueuePolicy, RetryPolicy, RouteRetry } from '../pool/policy.ts'
import type { GeoPolicy } from '../geo/policy.ts'
import type { HealthPolicy } from '../health/policy.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { LimitPolicy } from '../limits/policy.ts'
import type { BanPolicy } from '../limits/ban.ts'
import type { ListenOptions } from '../net/listen-options.ts'
import type { BackendTimeouts, ClientTimeouts } from '../net/timeouts.ts'
import type { BackendProtocol, BackendTlsPolicy, ProxyOutPolicy } from '../outbound/policy.ts'
import type { ProxyPolicy } from '../proxy-protocol/policy.ts'
import type { RouteMatch, RouteRule } from '../route/route.ts'
import type { Secret } from '../secrets.ts'
import type { StickyPolicy } from '../sticky/policy.ts'
import type { TlsPolicy } from '../tls/policy.ts'
import type { RouteTracingPolicy, TracingPolicy } from '../trace/policy.ts'

/** Among the trusted proxies: whoever connects to a Unix socket, where a peer has no address. */
export const unixPeers = 'unix:'

export interface Config {
  readonly listeners: readonly ListenerConfig[]
  /** undefined: no admin API. */
  readonly admin: AdminConfig | undefined
  /** IP addresses, CIDR blocks and `unixPeers` of the proxies in front: what they tell of clients is believed. */
  readonly trustedProxies: readonly string[]
  readonly limits: Limits
  readonly timeouts: ClientTimeouts
  /** What to do when a client ends its side while it waits for a response. */
  readonly halfClose: 'abort' | 'answer'
  /** Where sockets come from; 'auto': the best that the system has. */
  readonly transport: 'auto' | 'bun'
  /** ms after the first SIGTERM in which clients are still accepted. */
  readonly shutdownDelayMs: number
  /** ms from the first SIGTERM to the end, whatever is still open. */
  readonly shutdownTimeoutMs: number
  /** ms that a removed backend, pool or listener may go on with what it has begun. */
  readonly drainTimeoutMs: number
  readonly geo: GeoPolicy | undefined
  /** undefined: no clients are known. */
  readonly clients: ClientsConfig | undefined
  /** URL of the Redis by which the nodes of a fleet share; absent: they share nothing. */
  readonly redis?: Secret
  /** undefined: nobody looks whether the process is overloaded. */
  readonly overload: OverloadConfig | undefined
  /** undefined: none is written. */
  readonly accessLog: AccessLogPolicy | undefined
  /** Absent: nothing is traced. */
  readonly tracing?: TracingPolicy
  /** undefined: nobody is told why requests went where they went. */
  readonly explain?: ExplainPolicy | undefined
  /** undefined: nobody is kept out for what was refused before. */
  readonly ban: BanPolicy | undefined
  /** Who adds routes and pools to those below; absent: nobody. */
  readonly providers?: readonly ProviderPolicy[]
  readonly routes: readonly RouteConfig[]
  /** Where the connections of listeners in TCP mode go; those of one listener stand together, in their order. */
  readonly tcpRoutes: readonly TcpRouteConfig[]
  readonly pools: readonly PoolConfig[]
}

/** Where clients and their plans are. */
export interface ClientsConfig {
  readonly store:
    /** Absolute path. */
    | { readonly kind: 'sqlite'; readonly path: string }
    /** With user and password. */
    | { readonly kind: 'postgres'; readonly url: Secret }
}

/** From when on requests are shed; one of the two at least. */
export interface OverloadConfig {
  /** How late the event loop may come round. */
  readonly lagMs: number | undefined
  /** What the process may hold; `ratio` of what its container or machine allows. */
  readonly memory:
    { readonly kind: 'bytes'; readonly bytes: number } | { readonly kind: 'ratio'; readonly ratio: number } | undefined
}

/** 'tcp': bytes pass as they come. 'passthrough': so do those of TLS, by the server name that its first ones ask for. */
export type ListenerMode = 'http' | 'tcp' | 'passthrough'

export interface ListenerConfig {
  /** Of the listener that it belongs to: those that have several addresses are several here. */
  readonly name: string
  readonly address: ListenAddress
  /** Whether other processes of the same user may listen there too, if all say so. */
  readonly reusePort: boolean
  /** Whether a client is let in only with its first bytes, or after a second. */
  readonly deferAccept: boolean
  /** Permissions of a Unix socket; undefined: by the process's umask. */
  readonly permissions: number | undefined
  /** Absent: as the system has them. */
  readonly options?: ListenOptions
  readonly mode: ListenerMode
  /** Who speaks with clients; absent: we do. */
  readonly engine?: 'serve'
  /** Whether HTTP/3 is spoken at the UDP port of the same number; absent: it is not. */
  readonly http3?: true
  /** Absent: clients come without TLS, or it is none of ours. */
  readonly tls?: TlsPolicy
  /** Absent: over TLS it is spoken, else not. */
  readonly http2?: Http2Choice
  /** Absent: nobody sends a PROXY header. */
  readonly proxyProtocol?: ProxyPolicy
  /** Where requests are sent, by `https://`; absent: they are served. */
  readonly redirect?: { readonly port: number }
}

/** Whether HTTP/2 is spoken beside HTTP/1.1; 'only': nothing else is. */
export type Http2Choice = boolean | 'only'

export interface AdminConfig {
  readonly address: SocketAddress
  /** What every caller must send. undefined: whoever reaches the (loopback) address may read. */
  readonly token: Secret | undefined
  /** Without a token: whoever may read may make changes too, and needs no token of the process's own for them. */
  readonly open: boolean
}

export interface Limits extends HttpLimits {
  /** Client connections open at once; undefined: as many as the descriptor limit allows. */
  readonly maxConnections: number | undefined
  /** Of all request bodies together that are kept to be sent again. */
  readonly maxReplayBytes: number
}

export interface RouteConfig extends RouteRule {
  /** Who has added it, by the name of its provider; absent: it stands in the file. */
  readonly provider?: string
  /** Absent: those of its pool. */
  readonly timeouts?: RouteTimeouts
  /** What is otherwise than its pool says; absent: nothing. */
  readonly retry?: RouteRetry
  /** Absent: a slow backend is waited for. */
  readonly hedge?: HedgePolicy
  /** Whether calls of gRPC-Web become calls of gRPC; absent: they do not. */
  readonly grpcWeb?: boolean
  /** Absent: none but those of its pool. */
  readonly limits?: readonly LimitPolicy[]
  /** Absent: whoever comes is let in. */
  readonly access?: AccessPolicy
  /** false: its requests are not traced. Absent: as the others. */
  readonly tracing?: RouteTracingPolicy | false
}

/** By the listener, and the server name where it is told apart by that. */
export interface TcpRouteConfig extends RouteConfig {
  readonly match: RouteMatch & { readonly listener: string }
  readonly tunnel: {
    /** ms, of silence both ways. */
    readonly idleMs: number
    /** ms; undefined: as long as it likes. */
    readonly longestMs: number | undefined
  }
}

/** Each in ms; undefined: no bound of the route's own. */
export interface RouteTimeouts {
  /** From a request's head to the end of its response. */
  readonly requestMs: number | undefined
  /** For the head of one attempt's response. */
  readonly tryMs: number | undefined
  /** The field by which clients set a deadline; undefined: none is looked at. */
  readonly deadline: DeadlineField | undefined
  /** What is otherwise than the pool's; keys that are absent are not. */
  readonly backend: Partial<Pick<BackendTimeouts, 'connectMs' | 'responseMs' | 'idleMs'>>
}

export interface PoolConfig {
  readonly name: string
  /** As with routes. */
  readonly provider?: string
  readonly members: readonly Member[]
  /** Absolute path of the file the members came from; undefined when they stand in the config itself. */
  readonly membersFile: string | undefined
  /** Where further members are found, those named above first; absent: nowhere. */
  readonly discovery?: readonly DiscoveryPolicy[]
  /** What is spoken to its backends; absent: HTTP/1.1. */
  readonly protocol?: BackendProtocol
  /** Of `https://` members; absent: as without any wish. */
  readonly tls?: BackendTlsPolicy
  /** Absent: no PROXY header is sent. */
  readonly proxyProtocol?: ProxyOutPolicy
  readonly strategy: StrategyConfig
  /** In order: the first that a request has is its key. */
  readonly affinity: readonly Affinity[]
  /** undefined: no active checks. */
  readonly health: HealthPolicy | undefined
  /** Consecutive connect failures in traffic that take a member out until a check (or this pause) brings it back. */
  readonly passive: { readonly failures: number; readonly retryAfterMs: number }
  /** undefined, here and with the next two: there is none. */
  readonly breaker: BreakerPolicy | undefined
  readonly ejection: EjectionPolicy | undefined
  readonly slowStart: SlowStartPolicy | undefined
  /** 0..1 of the members that breakers and ejections hold out at most, whoever else is out counted. */
  readonly maxEjected: number
  /** 0..1 of the members: when fewer are usable, all are used. 0: never. */
  readonly panicThreshold: number
  readonly retry: RetryPolicy
  /** undefined: each request goes where the strategy says. */
  readonly sticky: StickyPolicy | undefined
  readonly timeouts: BackendTimeouts
  /** Idle connections kept open to each backend. */
  readonly maxIdleConnections: number
  /** Connections open to each backend, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
  /** Requests at once, in the pool as a whole; undefined: no bound. */
  readonly maxInflight: number | undefined
  /** undefined: whoever finds no room gets 503 at once. */
  readonly queue: QueuePolicy | undefined
  /** undefined: nobody looks how many requests at once a backend bears. */
  readonly concurrency: ConcurrencyPolicy | undefined
  /** Of all requests that it is asked for, whatever their route; undefined: there are none. */
  readonly limits: readonly LimitPolicy[] | undefined
}

export interface StrategyConfig {
  /** A shipped strategy's name, or the absolute path of a plugin file. */
  readonly use: string
  /** Handed to the plugin's `parse` as it stands in the file. */
  readonly options: unknown
}
