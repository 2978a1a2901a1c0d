/** Keys that do nothing where they stand, since what they are for is missing elsewhere: warnings, as they do no harm. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { RetryPolicy, RouteRetry } from '../../pool/policy.ts'
import { isShipped, placedStrategies } from '../../strategy/shipped.ts'
import type { PoolConfig } from '../config.ts'
import type { Named } from '../read/containers.ts'
import type { Reading } from '../read/reading.ts'
import { maySpeakHttp2 } from './http2.ts'
import type { RouteDraft } from './route.ts'

/** What is set, whatever it says, and what its retries go by. */
type Pool = { readonly [Key in 'health' | 'breaker' | 'ejection']: unknown } & {
  readonly retry: RetryPolicy | undefined
  readonly protocol: { readonly value: PoolConfig['protocol'] } | undefined
}

const IDLE_CALLS = {
  rule: 'names statuses of gRPC, of which backends that speak HTTP/1.1 know nothing',
  hint: '"protocol": "h2c" of the pool has them speak HTTP/2, or "h2" over TLS',
}

/** `node`: of the pool. */
export function warnOfIdlePoolKeys(
  node: Node | undefined,
  { health, breaker, ejection, retry, protocol }: Pool,
  reading: Reading,
): void {
  const calls = node && findNodeAtLocation(node, ['retry', 'on'])
  if (calls) warnOfIdleCalls(calls, { protocol: protocol?.value, retry }, reading)
  const warn = (path: readonly string[], rule: string, hint: string): void => {
    const written = node && findNodeAtLocation(node, [...path])
    if (written) reading.warn(written, { rule: `does nothing: ${rule}`, hint })
  }
  if (health !== undefined)
    warn(['passive', 'retryAfter'], 'health checks bring a backend back', 'health.interval and health.rise say when')
  if (breaker === undefined && ejection === undefined)
    warn(['maxEjected'], 'nothing holds backends out', 'it bounds breaker and ejection, and neither is set')
}

/** `node`: causes of retries, statuses of gRPC among them or not. `retry`: what holds there. */
function warnOfIdleCalls(
  node: Node,
  { protocol, retry }: { readonly protocol: PoolConfig['protocol']; readonly retry: RouteRetry | undefined },
  reading: Reading,
): void {
  if (retry?.grpcStatuses === undefined || retry.grpcStatuses.length === 0) return
  if (!maySpeakHttp2(protocol)) reading.warn(node, IDLE_CALLS)
  const idle = (rule: string, hint: string): void =>
    reading.warn(node, { rule: `names statuses of gRPC, after which no call is made again: ${rule}`, hint })
  if (retry.attempts === 1) idle('attempts is 1', 'the first counts, so that 2 is one retry')
  if (retry.maxBodyBytes === 0) idle('maxBody is 0B', 'of a call its messages must be kept')
}

type RoutedPool = Pick<PoolConfig, 'members' | 'discovery' | 'queue' | 'protocol' | 'retry'>

/** `sheds`: whether the process refuses requests by their priority. */
export function warnOfIdleRouteKeys(
  drafts: readonly RouteDraft[],
  pools: readonly Named<RoutedPool>[],
  sheds: boolean,
  reading: Reading,
): void {
  const byName = new Map(pools.map(({ name, value }) => [name, value]))
  for (const { pool, hedge, retry } of drafts) {
    const target = byName.get(pool.value)
    const route = pool.node.parent?.parent
    if (target === undefined || route === undefined) continue
    const warn = (key: string, rule: string, hint: string): void => {
      const written = findNodeAtLocation(route, [key])
      if (written) reading.warn(written, { rule: `does nothing: ${rule}`, hint })
    }
    const calls = findNodeAtLocation(route, ['retry', 'on'])
    if (calls) warnOfIdleCalls(calls, { protocol: target.protocol, retry: { ...target.retry, ...retry } }, reading)
    if (hedge !== undefined && target.members.length < 2 && target.discovery === undefined)
      warn(
        'hedge',
        `the pool ${pool.value} has ${target.members.length === 0 ? 'no backend' : 'one backend'}`,
        'a hedge goes to another than the first',
      )
    if (target.queue === undefined && !sheds)
      warn('priority', 'nothing goes by it', `a queue of the pool ${pool.value} goes by it, and so does overload`)
  }
}

/** Reports nothing of a pool that a strategy of the user's own serves: it may read the place. */
export function warnOfIdleGeo(
  root: Node,
  pools: readonly Named<Pick<PoolConfig, 'strategy'>>[],
  reading: Reading,
): void {
  const written = findNodeAtLocation(root, ['geo'])
  const reads = ({ value: { strategy } }: (typeof pools)[number]): boolean =>
    placedStrategies.includes(strategy.use) || !isShipped(strategy.use)
  if (written === undefined || pools.length === 0 || pools.some(reads)) return
  reading.warn(written, {
    rule: 'does nothing: no pool’s strategy reads where a client is',
    hint: `${placedStrategies.join(', ')} does, and strategies of your own may`,
  })
}

/** Pools that no route leads to. `names`: names of those that one does; not empty, as the only pool serves everything then. */
export function warnOfIdlePools(names: readonly string[], pools: readonly Named<unknown>[], reading: Reading): void {
  const led = new Set(names)
  for (const { name, key } of pools)
    if (!led.has(name)) reading.warn(key, { rule: 'serves nothing: no route leads to it', hint: 'add one to routes' })
}
