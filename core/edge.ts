/** The composition root: config, clock and chance -> a running edge. The only file that sees every part. */
import { formatAddress, type SocketAddress } from './address.ts'
import { type AdminServer, startAdmin } from './admin/server.ts'
import type { AdminSource, Readiness } from './admin/source.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import { createHandler } from './exchange/handle.ts'
import { createIdentify } from './exchange/identify.ts'
import { requestIds } from './exchange/request-id.ts'
import type { Services, World } from './exchange/world.ts'
import { createLocator } from './geo/locate.ts'
import { RequestHead } from './http1/request-head.ts'
import { ResponseHead } from './http1/response-head.ts'
import { createBlockSet } from './ip/blocks.ts'
import type { ClientConnection } from './net/client-connection.ts'
import { defaultMaxConnections, readDescriptorLimit } from './net/descriptors.ts'
import { listen, type Listener } from './net/listener.ts'
import { TimerWheel } from './net/timer-wheel.ts'
import { createEdgeCounters } from './observe/counters.ts'
import type { Emit } from './observe/events.ts'
import { prepareHistograms, startLatencyWindow } from './observe/histogram.ts'
import { renderMetrics } from './observe/metrics.ts'
import { buildSnapshot, type StatusSnapshot } from './observe/snapshot.ts'
import type { EdgeView, Phase, ProcessView } from './observe/view.ts'
import { type Random, systemRandom } from './random.ts'
import { compileRoutes } from './route/table.ts'
import { type RunningPool, startPool } from './running-pool.ts'
import { VERSION } from './version.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly emit: Emit
  readonly clock?: Clock
  readonly random?: Random
}

export interface Edge {
  /** Where the listeners really listen. */
  readonly addresses: readonly { readonly listener: string; readonly address: SocketAddress }[]
  /** Where the admin API listens; undefined: there is none. */
  readonly adminAddress: SocketAddress | undefined
  status(): StatusSnapshot
  /** Accepts no more, finishes what is under way within `shutdownTimeoutMs`, cuts the rest; resolves to how many were cut. */
  drain(): Promise<{ readonly cut: number }>
  /** Ends at once. */
  kill(): void
}

/** Rejects with StartError, one line for the person who started it; nothing is left running then. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { config, emit, clock = systemClock, random = systemRandom } = options
  const startedAt = clock.wallTime()
  await prepareHistograms()
  const counters = createEdgeCounters()
  const wheel = new TimerWheel(clock)
  const latency = startLatencyWindow(clock)
  const reportFault = (error: unknown): void => emit({ kind: 'fault', detail: describe(error) })
  const clients = new Set<ClientConnection>()
  const listeners: Listener[] = []
  const pools: RunningPool[] = []
  let admin: AdminServer | undefined
  let phase: Phase = 'starting'
  let onIdle: (() => void) | undefined

  const stopListening = (): void => {
    for (const listener of listeners) listener.stop()
  }
  const stopRest = (): void => {
    for (const pool of pools) pool.stop()
    latency.stop()
    void admin?.stop()
  }
  const kill = (): void => {
    stopListening()
    for (const client of clients) client.wire.destroy()
    stopRest()
  }

  try {
    const poolServices = {
      clock,
      random,
      emit,
      limits: config.limits,
      wheel,
      head: new ResponseHead(config.limits.maxFields),
      window: latency.window,
      reportFault,
    }
    for (const pool of config.pools) pools.push(await startPool(pool, poolServices))
    const services: Services = {
      clock,
      random,
      counters,
      head: new RequestHead(config.limits.maxFields),
      writeRequestId: requestIds(random),
      geo: config.geo && { header: config.geo.header, ...(await createLocator(config.geo)) },
      tunnelMs: config.timeouts.tunnelMs,
      isDraining: () => phase === 'draining',
    }
    const world = createWorld(config, pools)
    const trusted = createBlockSet(config.trustedProxies)
    const handler = createHandler({
      services,
      world: () => world,
      limits: config.limits,
      timeouts: config.timeouts,
      wheel,
      identify: createIdentify((address) => trusted.has(address)),
      onClientClosed(client) {
        counters.connectionsOpen -= 1
        clients.delete(client)
        if (clients.size === 0) onIdle?.()
      },
    })
    const admit = createAdmission(config.limits.maxConnections, counters, emit)
    const onClient = (client: ClientConnection): void => {
      counters.connectionsAccepted += 1
      counters.connectionsOpen += 1
      clients.add(client)
    }
    for (const { name, address } of config.listeners) {
      const listener = listen({ name, address, handler, admit, onClient, reportFault })
      listeners.push(listener)
      emit({ kind: 'listening', listener: name, address: formatAddress(listener.address) })
    }
    const view = (): EdgeView => ({ phase, listeners: listeners.map(viewOf), counters, pools: pools.map(poolView) })
    const status = (): StatusSnapshot => buildSnapshot(view(), processView(startedAt), clock)
    if (config.admin !== undefined) {
      const source: AdminSource = {
        status,
        metrics: () => renderMetrics(view(), processView(startedAt)),
        ready: () => readiness(phase, pools),
        config: () => config,
      }
      admin = await startAdmin({ ...config.admin, source })
      emit({ kind: 'admin-listening', address: formatAddress(admin.address) })
    }
    phase = 'serving'
    const drain = async (): Promise<{ cut: number }> => {
      phase = 'draining'
      stopListening()
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve
        clock.after(config.shutdownTimeoutMs, resolve)
      })
      for (const client of clients) client.closeWhenIdle()
      if (clients.size > 0) await idle
      const cut = clients.size
      for (const client of clients) client.wire.destroy()
      stopRest()
      return { cut }
    }
    return {
      addresses: listeners.map(({ name, address }) => ({ listener: name, address })),
      adminAddress: admin?.address,
      status,
      drain,
      kill,
    }
  } catch (error) {
    kill()
    throw error
  }
}

function createWorld(config: Config, pools: readonly RunningPool[]): World {
  const byName = new Map(pools.map((pool) => [pool.name, pool]))
  return {
    routes: compileRoutes(config.routes),
    poolOfRule: config.routes.map((rule) => {
      const pool = byName.get(rule.pool)
      if (pool === undefined) throw new Error(`route names pool ${rule.pool}, which is not configured`)
      return pool
    }),
  }
}

/** Lets clients in up to the cap; says so once each time the cap is reached. */
function createAdmission(
  configured: number | undefined,
  counters: { connectionsOpen: number; connectionsRefused: number },
  emit: Emit,
): () => boolean {
  const limit = configured ?? defaultMaxConnections(readDescriptorLimit())
  let isFull = false
  return () => {
    if (counters.connectionsOpen < limit) {
      isFull = false
      return true
    }
    counters.connectionsRefused += 1
    if (!isFull) emit({ kind: 'connection-limit', limit })
    isFull = true
    return false
  }
}

function readiness(phase: Phase, pools: readonly RunningPool[]): Readiness {
  if (phase !== 'serving') return { kind: 'not-ready', reason: phase }
  if (pools.some((pool) => pool.balancer.hasCandidates)) return { kind: 'ready' }
  return { kind: 'not-ready', reason: 'no pool has a usable backend' }
}

const viewOf = ({ name, address }: Listener) => ({ name, address: formatAddress(address) })

const poolView = ({ name, config, backends }: RunningPool) => ({ name, strategy: config.strategy.use, backends })

function processView(startedAt: number): ProcessView {
  const { user, system } = process.cpuUsage()
  return {
    version: VERSION,
    runtime: `bun ${Bun.version}`,
    pid: process.pid,
    startedAt,
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
