/** A config and the pools at work -> the immutable snapshot that requests are served by. */
import { type Admission, nobody } from '../admission/admission.ts'
import { type Config, type RouteConfig, type TcpRouteConfig, unixPeers } from '../config/config.ts'
import type { Tracing } from '../exchange/trace.ts'
import type { Explainer, Geo, ProofAnswers, Route, World } from '../exchange/world.ts'
import { RouteTraffic } from '../observe/route-traffic.ts'
import type { Pool } from '../pool/pool.ts'
import { createIdentify } from '../forward/identify.ts'
import { createBlockSet } from '../ip/blocks.ts'
import { compileRoutes } from '../route/table.ts'
import { routeKey } from './route-key.ts'
import type { RunningPool } from './running-pool.ts'

/** What a snapshot is made of beside the config. */
export interface WorldParts {
  readonly pools: ReadonlyMap<string, RunningPool>
  readonly geo: Geo | undefined
  /** undefined: nobody wants to know why requests go where they go. */
  readonly explainer?: Explainer | undefined
  /** Who decides over the requests of a route; `key`: the route's over reloads. */
  readonly admission: (rule: RouteConfig, key: string) => Admission
  /** Who traces the requests of a route, or those that none takes; absent: nobody does. */
  readonly tracing?: (rule: RouteConfig | undefined) => Tracing | undefined
  /** What a CA asks for; absent: no CA asks for anything. */
  readonly proofs?: ProofAnswers | undefined
  /** The snapshot before, whose routes keep what they have counted; undefined: there was none. */
  readonly previous: World | undefined
}

export function createWorld(
  config: Config,
  { pools, geo, explainer, admission, tracing, proofs, previous }: WorldParts,
): World {
  const trusted = createBlockSet(config.trustedProxies.filter((entry) => entry !== unixPeers))
  const trustsUnixPeers = config.trustedProxies.includes(unixPeers)
  const snapshots = new Map([...pools].map(([name, pool]) => [name, pool.snapshot()]))
  const trafficOf = keptTraffic(previous)
  const routeOf = (rule: RouteConfig): Route => {
    const pool = snapshots.get(rule.pool)
    if (pool === undefined) throw new Error(`a route names pool ${rule.pool}, which is not configured`)
    const key = routeKey(rule)
    const { priority, timeouts, hedge, grpcWeb } = rule
    return {
      key,
      admission: admission(rule, key),
      priority,
      pool: poolOf(rule, pool),
      timeouts,
      hedge,
      ...(grpcWeb && { grpcWeb }),
      tracing: tracing?.(rule),
      traffic: trafficOf(key),
    }
  }
  const tcpRouteOf = (rule: TcpRouteConfig): Route => ({ ...routeOf(rule), tracing: undefined, tunnel: rule.tunnel })
  const byListener = Map.groupBy(config.tcpRoutes, ({ match }) => match.listener)
  return {
    routes: compileRoutes(config.routes, routeOf),
    tcp: new Map([...byListener].map(([name, rules]) => [name, compileRoutes(rules, tcpRouteOf)])),
    nowhere: { ...(previous?.nowhere ?? createNowhere()), tracing: tracing?.(undefined) },
    limits: config.limits,
    timeouts: config.timeouts,
    halfClose: config.halfClose,
    identify: createIdentify((address) => (address === '' ? trustsUnixPeers : trusted.has(address))),
    geo,
    explainer,
    ...(proofs && { proofs }),
  }
}

/** The pool as the route has it. */
function poolOf({ retry, timeouts }: RouteConfig, pool: Pool): Pool {
  if (retry === undefined && timeouts === undefined) return pool
  return { ...pool, retry: { ...pool.retry, ...retry }, timeouts: { ...pool.timeouts, ...timeouts?.backend } }
}

/** Those of HTTP in the order of `routes`, behind them those of TCP mode in the order of `tcpRoutes`. */
export const allRoutes = (world: World | undefined): readonly Route[] =>
  world === undefined ? [] : [...world.routes.routes, ...[...world.tcp.values()].flatMap(({ routes }) => routes)]

/** Of two rules with one key the second is never reached, so each record is handed out once. */
function keptTraffic(previous: World | undefined): (key: string) => RouteTraffic {
  const kept = new Map(
    allRoutes(previous)
      .toReversed()
      .map(({ key, traffic }) => [key, traffic]),
  )
  return (key) => {
    const traffic = kept.get(key) ?? new RouteTraffic()
    kept.delete(key)
    return traffic
  }
}

function createNowhere(): Route {
  const admission = nobody({ status: 404, detail: 'no route matches this request' })
  return {
    key: '',
    admission,
    priority: 0,
    pool: undefined,
    timeouts: undefined,
    hedge: undefined,
    tracing: undefined,
    traffic: new RouteTraffic(),
  }
}
