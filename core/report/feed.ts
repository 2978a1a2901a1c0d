/**
 * The feed of frames: everything a dashboard shows, computed here once for all who watch, and only while somebody does.
 * Measured (`bun bench/micro/feed.ts`, Bun 1.4.5, 2 shared x64 cores, 2026-11-21): 0.12 % of a core with 50 backends,
 * 0.3 % with 100, 0.4 % with 1,000; a frame of 50 backends has 24 KiB, most of it histograms.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { EdgeCounters, PoolCounters } from '../observe/counters.ts'
import { type BackendFeed, createBackendFeed, ratio, tidy } from './backend-feed.ts'
import { type CertificatesFrame, type Frame, type Hello, type PoolFrame, protocolVersion } from './frame.ts'
import { createMeter, type Meter } from './meter.ts'
import { poolFrame, type PoolMeter, recentLatency } from './pool-feed.ts'
import type { ReloadStatus } from './reload-status.ts'
import { scaleBoundsMs } from '../observe/scale.ts'
import type { BackendView, EdgeView, ListenerView, PoolView, ProcessView, RouteView } from './view.ts'

export interface FeedOptions {
  readonly view: () => EdgeView
  readonly process: () => ProcessView
  readonly clock: Clock
}

export interface Feed {
  hello(): Hello
  /** Hands over every frame from now on, the first at once; `listener` must not throw. */
  subscribe(listener: (frame: Frame) => void): Cancel
}

const shortestIntervalMs = 250
const longestIntervalMs = 5000
/** So many backends fit into the shortest interval; with more, frames come more rarely, and cost the same. */
const backendsPerInterval = 100
const halfWindowMs = 5000

export function createFeed(options: FeedOptions): Feed {
  const { clock } = options
  const listeners = new Set<(frame: Frame) => void>()
  let frames: FrameMaker | undefined
  let cancel: Cancel | undefined

  const tick = (): void => {
    frames ??= createFrameMaker(options)
    const frame = frames.next()
    cancel = clock.after(frame.intervalMs, tick)
    for (const listener of listeners) listener(frame)
  }
  return {
    hello() {
      const { version, pid } = options.process()
      return { protocol: protocolVersion, version, pid, windowMs: 2 * halfWindowMs, boundsMs: scaleBoundsMs }
    },
    subscribe(listener) {
      listeners.add(listener)
      if (cancel === undefined) tick()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        cancel?.()
        cancel = undefined
        frames?.stop()
        frames = undefined
      }
    },
  }
}

interface FrameMaker {
  next(): Frame
  stop(): void
}

type EdgeMeter = Meter<keyof EdgeCounters | 'cpuSeconds'>

/** How a request ends that is answered at all. */
const edgeEnds = ['responses2xx', 'responses3xx', 'responses4xx', 'responses5xx'] as const

function createFrameMaker({ view, process, clock }: FeedOptions): FrameMaker {
  const edgeMeter: EdgeMeter = createMeter()
  /** By the key of a route. */
  const routeMeter = createMeter()
  const refusalMeter = createMeter()
  let backends = new Map<BackendView, BackendFeed>()
  /** By the counters of a pool, which outlive reloads. */
  let poolMeters = new Map<Readonly<PoolCounters>, PoolMeter>()
  let turnAt = clock.now() + halfWindowMs

  /** One feed a backend, found by the object, which outlives reloads; those of the gone are let go. */
  function readBackends(pools: readonly PoolView[], at: number): void {
    const known = backends
    backends = new Map()
    for (const backend of pools.flatMap((pool) => pool.backends)) {
      const feed = known.get(backend) ?? createBackendFeed(backend)
      known.delete(backend)
      feed.read(at)
      backends.set(backend, feed)
    }
    for (const gone of known.values()) gone.stop()
  }

  function readPools(pools: readonly PoolView[], at: number): void {
    poolMeters = new Map(pools.map(({ counters }) => [counters, poolMeters.get(counters) ?? createMeter()]))
    for (const [counters, meter] of poolMeters) meter.read(at, counters)
  }

  function turn(at: number): void {
    if (at < turnAt) return
    turnAt = at + halfWindowMs
    for (const feed of backends.values()) feed.turn()
    edgeMeter.turn()
  }

  function readRoutes(routes: readonly RouteView[], at: number): void {
    routeMeter.read(at, Object.fromEntries(routes.map(({ key, requests }) => [key, requests])))
    refusalMeter.read(at, Object.fromEntries(routes.map(({ key, refused }) => [key, refused])))
  }

  function next(): Frame {
    const at = clock.now()
    const edge = view()
    const facts = process()
    readBackends(edge.pools, at)
    readPools(edge.pools, at)
    edgeMeter.read(at, { ...edge.counters, cpuSeconds: facts.cpuSeconds })
    readRoutes(edge.routes ?? [], at)
    const offsetMs = clock.wallTime() - at
    const pools = edge.pools.map((pool) => {
      const meter = poolMeters.get(pool.counters) ?? createMeter()
      return poolFrame(pool, { backends, meter }, offsetMs)
    })
    const frame: Frame = {
      at: Math.round(clock.wallTime()),
      uptimeMs: Math.max(0, Math.round(clock.wallTime() - facts.startedAt)),
      phase: edge.phase,
      shedding: edge.overload?.isShedding ?? false,
      certificates: certificatesFrame(edge.listeners, clock.wallTime()),
      intervalMs: intervalMs(backends.size),
      process: { residentBytes: facts.residentBytes, cpuRatio: tidy(edgeMeter.perSecond('cpuSeconds')) },
      totals: totals(edge, edgeMeter, pools, [...backends.values()]),
      pools,
      routes: (edge.routes ?? []).map(({ key, match, pool }) => ({
        match,
        pool,
        requestsPerSecond: tidy(routeMeter.perSecond(key)),
        refusalsPerSecond: tidy(refusalMeter.perSecond(key)),
      })),
      ...reloadFrame(edge.reload),
    }
    turn(at)
    return frame
  }

  return {
    next,
    stop() {
      for (const feed of backends.values()) feed.stop()
    },
  }
}

/** Those that end within it are worth a word at all times. */
const SOON_MS = 7 * 24 * 60 * 60 * 1000

function certificatesFrame(listeners: readonly ListenerView[], now: number): CertificatesFrame | null {
  const ending = listeners
    .flatMap(({ certificates = [] }) => certificates)
    .filter(({ notAfter }) => notAfter - now <= SOON_MS)
    .toSorted((one, other) => one.notAfter - other.notAfter)
  const [first] = ending
  if (first === undefined) return null
  return { ending: ending.length, name: first.names[0] ?? first.fingerprint, notAfter: first.notAfter }
}

const intervalMs = (backends: number): number =>
  Math.min(longestIntervalMs, shortestIntervalMs * Math.max(1, Math.ceil(backends / backendsPerInterval)))

function totals(
  { counters }: EdgeView,
  meter: EdgeMeter,
  pools: readonly PoolFrame[],
  backends: readonly BackendFeed[],
): Frame['totals'] {
  const rate = (...names: readonly (keyof EdgeCounters)[]): number => tidy(meter.perSecond(...names))
  return {
    requests: counters.requests,
    requestsPerSecond: rate('requests'),
    errorsPerSecond: rate('responses5xx'),
    errorRatio: ratio(meter.recent('responses5xx'), meter.recent(...edgeEnds)),
    retriesPerSecond: rate('retries'),
    refusedPerSecond: rate('connectionsRefused', 'unavailable', 'shed'),
    shedPerSecond: rate('shed'),
    inflight: pools.reduce((sum, pool) => sum + pool.inflight, 0),
    connections: counters.connectionsOpen,
    tunnels: counters.tunnelsOpen,
    bytesFromClientsPerSecond: rate('bytesFromClients'),
    bytesToClientsPerSecond: rate('bytesToClients'),
    latency: recentLatency(backends),
  }
}

function reloadFrame(status: ReloadStatus | undefined): Pick<Frame, 'generation' | 'reload'> {
  const { generation, lastReload } = status ?? {}
  return {
    generation: generation ? { ...generation, at: Date.parse(generation.at) } : null,
    reload: lastReload ? { ...lastReload, at: Date.parse(lastReload.at) } : null,
  }
}
