/** A pool at work: its backends with their connections, checks and strategy, made from its config and ended together. */
import { Backend } from './backend/backend.ts'
import { Balancer } from './balance/balancer.ts'
import { loadStrategy } from './balance/load-strategy.ts'
import type { Clock } from './clock.ts'
import type { PoolConfig } from './config/config.ts'
import type { Pool } from './exchange/world.ts'
import { createMonitor, type Monitor } from './health/monitor.ts'
import { createPassiveHealth } from './health/passive.ts'
import { createProbe } from './health/probe.ts'
import type { HttpLimits } from './http1/limits.ts'
import type { ResponseHead } from './http1/response-head.ts'
import { ConnectionPool } from './net/connection-pool.ts'
import type { TimerWheel } from './net/timer-wheel.ts'
import type { ReportFault } from './net/wire-handlers.ts'
import type { Emit } from './observe/events.ts'
import { BackendLatency, type LatencyWindow } from './observe/histogram.ts'
import type { Random } from './random.ts'
import { StartError } from './errors.ts'

export interface PoolServices {
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
  readonly limits: HttpLimits
  readonly wheel: TimerWheel
  readonly head: ResponseHead
  readonly window: LatencyWindow
  readonly reportFault: ReportFault
}

export interface RunningPool extends Pool {
  readonly config: PoolConfig
  readonly backends: readonly Backend[]
  /** Ends checks and idle connections. */
  stop(): void
}

/** Throws StartError when the strategy can't be had or refuses its options. */
export async function startPool(config: PoolConfig, services: PoolServices): Promise<RunningPool> {
  const { clock, random, emit } = services
  const backends = config.members.map((member) => new Backend(member, new BackendLatency(services.window), clock.now()))
  const connections = new Map(backends.map((backend) => [backend, connectionsTo(backend, config, services)]))
  const onFault = (detail: string): void =>
    emit({ kind: 'strategy-fault', pool: config.name, strategy: config.strategy.use, detail })
  const eligibility = {
    admitsUnchecked: config.health?.initially !== 'unchecked',
    failsOpen: config.health === undefined,
  }
  const balancer = new Balancer(await createStrategy(config), backends, eligibility, onFault)

  const onChange = (backend: Backend, detail: string): void => {
    balancer.update(backends)
    const kind = backend.health.kind === 'unhealthy' ? 'backend-down' : 'backend-up'
    emit({ kind, pool: config.name, backend: backend.id, detail })
  }
  const passive = createPassiveHealth({
    policy: config.passive,
    hasChecks: config.health !== undefined,
    backends: () => backends,
    clock,
    onChange,
  })
  let monitor: Monitor | undefined
  if (config.health !== undefined) {
    const probe = createProbe(clock, services.limits)
    monitor = createMonitor({ policy: config.health, backends: () => backends, probe, clock, random, onChange })
    monitor.start()
  }
  return {
    name: config.name,
    config,
    backends,
    balancer,
    affinity: config.affinity,
    retry: config.retry,
    connections,
    passive,
    stop() {
      monitor?.stop()
      passive.stop()
      for (const pool of connections.values()) pool.close()
    },
  }
}

async function createStrategy(config: PoolConfig) {
  try {
    const plugin = await loadStrategy(config.strategy.use)
    return plugin.create(plugin.parse(config.strategy.options))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(`pools.${config.name}.strategy: ${reason}`, { cause: error })
  }
}

const connectionsTo = (backend: Backend, config: PoolConfig, services: PoolServices): ConnectionPool =>
  new ConnectionPool({
    address: backend.address,
    head: services.head,
    limits: services.limits,
    timeouts: config.timeouts,
    wheel: services.wheel,
    counters: backend.counters,
    maxIdleConnections: config.maxIdleConnections,
    maxConnections: config.maxConnections,
    reportFault: services.reportFault,
  })
