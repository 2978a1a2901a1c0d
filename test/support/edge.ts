/**
 * An edge with real sockets and a clock that stands still: its time-outs come when a test advances the clock. Disposing of
 * it, after the clients, checks what must hold behind every test: whatever began has ended, once.
 */
import type { Config, ListenerConfig, PoolConfig } from '../../core/config/config.ts'
import { type Applied, apply } from '../../core/control/edge-control.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { LookUp } from '../../core/names/look-up.ts'
import type { Connect } from '../../core/net/connect.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import type { RetryPolicy } from '../../core/pool/policy.ts'
import type { BackendStatus, StatusCounters } from '../../core/report/snapshot.ts'
import { seededRandom } from '../../core/random.ts'
import { makeMember } from './make-backend.ts'
import { suiteTls } from './peer-tls.ts'
import { turn, turnUntil } from './raw-peer.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

export interface TestEdge {
  readonly edge: Edge
  readonly port: number
  readonly clock: VirtualClock
  readonly events: readonly EdgeEvent[]
  readonly counters: StatusCounters
  /** The backend of this number in the first pool. */
  backend(index?: number): BackendStatus
  /** Puts the config in force with these parts of it changed, or nothing of it. */
  apply(changes: Partial<Config>): Promise<Applied>
  [Symbol.asyncDispose](): Promise<void>
}

export interface EdgeOverrides {
  readonly config?: Partial<Config>
  readonly pool?: Partial<PoolConfig>
  readonly lookUp?: LookUp
  readonly connect?: Connect
}

/** What a rule for everything asks for. */
export const anyRequest = { host: undefined, path: undefined, methods: undefined, headers: [] }

/** Only where there is somebody to choose from: a file of one's own is examined first, which takes its time. */
const FIRST = `${import.meta.dir}/first-strategy.ts`

/** Retries as they come without a config, but at once: the clock stands still. */
export const testRetry = (policy: Partial<RetryPolicy> = {}): RetryPolicy => ({
  attempts: 2,
  on: ['connect', 'reset', 'timeout'],
  statuses: [],
  grpcStatuses: [],
  backoffMs: 0,
  maxBackoffMs: 0,
  maxRetryAfterMs: 1000,
  maxBodyBytes: 64 * 1024,
  budget: { ratio: 0.2, perSecond: 3 },
  ...policy,
})

/** One pool that asks the first usable of the backends on these ports. */
export function testPool(ports: readonly number[], overrides: Partial<PoolConfig> = {}): PoolConfig {
  const tls = suiteTls()
  return {
    name: 'web',
    members: ports.map((port) => makeMember(port, tls && { scheme: 'https' })),
    membersFile: undefined,
    ...(tls && { tls: tls.policy }),
    strategy: { use: ports.length > 1 ? FIRST : 'round-robin', options: undefined },
    affinity: [{ kind: 'client' }],
    sticky: undefined,
    health: undefined,
    passive: { failures: 1000, retryAfterMs: 10_000 },
    breaker: undefined,
    ejection: undefined,
    slowStart: undefined,
    maxEjected: 0.5,
    panicThreshold: 0,
    retry: testRetry(),
    timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000, maxAgeMs: 300_000 },
    maxIdleConnections: 256,
    maxConnections: undefined,
    maxInflight: undefined,
    queue: undefined,
    concurrency: undefined,
    limits: undefined,
    ...overrides,
  }
}

/** Port 0: any. */
export const tcpListener = (name: string, port: number, host = '127.0.0.1'): ListenerConfig => ({
  name,
  address: { kind: 'tcp', host, port },
  reusePort: false,
  deferAccept: false,
  permissions: undefined,
  mode: 'http',
})

export const unixListener = (name: string, path: string): ListenerConfig => ({
  name,
  address: { kind: 'unix', path },
  reusePort: false,
  deferAccept: false,
  permissions: undefined,
  mode: 'http',
})

/** A listener on a port that the system chooses, no admin API, and the pool `web` for everything. */
export function testConfig(overrides: Partial<Config> = {}): Config {
  return {
    listeners: [tcpListener('web', 0)],
    admin: undefined,
    trustedProxies: [],
    limits: {
      maxHeadBytes: 64 * 1024,
      maxTargetBytes: 16 * 1024,
      maxFields: 256,
      maxConnections: 1000,
      maxReplayBytes: 1024 * 1024,
    },
    timeouts: { headMs: 10_000, bodyMs: 30_000, keepAliveMs: 75_000, tunnelMs: 3_600_000 },
    drainTimeoutMs: 5000,
    halfClose: 'abort',
    transport: 'auto',
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 25_000,
    geo: undefined,
    clients: undefined,
    overload: undefined,
    accessLog: undefined,
    ban: undefined,
    routes: [{ match: anyRequest, pool: 'web', priority: 5 }],
    tcpRoutes: [],
    pools: [testPool([])],
    ...overrides,
  }
}

export async function startTestEdge(ports: readonly number[], overrides: EdgeOverrides = {}): Promise<TestEdge> {
  const config = testConfig({ pools: [testPool(ports, overrides.pool)], ...overrides.config })
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const { lookUp, connect } = overrides
  const edge = await startEdge({
    config,
    emit: (event) => events.push(event),
    clock,
    random: seededRandom(1),
    ...(lookUp && { lookUp }),
    ...(connect && { connect }),
  })
  const address = edge.addresses[0]?.address
  if (address?.kind !== 'tcp') throw new Error('the edge does not listen on TCP')
  return {
    edge,
    port: address.port,
    clock,
    events,
    get counters() {
      return edge.status().counters
    },
    backend: (index = 0) => edge.status().pools[0]!.backends[index]!,
    apply: (changes) => apply(edge.control, { ...edge.control.config, ...changes }),
    async [Symbol.asyncDispose]() {
      try {
        await checkAllEnded(edge)
      } finally {
        edge.kill()
      }
      await turn()
      checkNoFault(events)
    },
  }
}

async function checkAllEnded(edge: Edge): Promise<void> {
  await turnUntil(() => edge.status().counters.connectionsOpen === 0, 'the end of every client connection')
  const { counters, pools } = edge.status()
  const backends = pools.flatMap((pool) => pool.backends)
  const problems = backends
    .filter(({ inflight }) => inflight !== 0)
    .map(({ id, inflight }) => `${id} has ${inflight} attempts in flight`)
  if (counters.tunnelsOpen !== 0) problems.push(`${counters.tunnelsOpen} tunnels are open`)
  const begun = backends.reduce((sum, backend) => sum + backend.requests, 0)
  const ended = backends.reduce((sum, backend) => sum + endedAttempts(backend), 0)
  if (begun !== ended) problems.push(`${begun} attempts began, ${ended} ended`)
  if (problems.length > 0) throw new Error(problems.join('; '))
}

/** Also behind the end: an exception in our own code may come late. */
function checkNoFault(events: readonly EdgeEvent[]): void {
  const faults = events.flatMap((event) =>
    event.kind === 'fault' || event.kind === 'strategy-fault' ? [event.detail] : [],
  )
  if (faults.length > 0) throw new Error(faults.join('; '))
}

function endedAttempts({ responses, failures, abandoned, upgrades }: BackendStatus): number {
  const answered = Object.values(responses).reduce((sum: number, count: number) => sum + count, 0)
  return answered + failures.total + failures.local + abandoned + upgrades
}
