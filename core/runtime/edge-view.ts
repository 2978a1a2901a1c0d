/** What the admin API reads of a running edge. */
import { formatAddress } from '../address.ts'
import { createEventStream } from '../admin/events.ts'
import type {
  AdminBans,
  AdminCertificates,
  AdminExplain,
  AdminSource,
  FoundMember,
  Readiness,
} from '../admin/source.ts'
import type { ClientStore } from '../clients/contract.ts'
import type { Clock } from '../clock.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import type { Controller } from '../control/contract.ts'
import type { AdminDeploys } from '../deploy/contract.ts'
import { openDescriptors, readDescriptorLimit } from '../descriptors.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { EventLog } from '../observe/event-log.ts'
import { createFeed } from '../report/feed.ts'
import { renderMetrics } from '../report/metrics.ts'
import { buildSnapshot } from '../report/snapshot.ts'
import type {
  CertificateView,
  ClientsView,
  CostlyProcessView,
  EdgeView,
  LimitView,
  OverloadView,
  Phase,
  PoolView,
  ProcessView,
  RouteView,
  SourceView,
} from '../report/view.ts'
import { describeMatch, describeRoute } from '../route/describe.ts'
import { VERSION } from '../version.ts'
import { deployProgress } from '../view/deploy-words.ts'
import type { FleetNode } from '../fleet/node.ts'
import type { Followed } from '../discovery/follow.ts'
import type { World } from '../exchange/world.ts'
import { allRoutes } from './create-world.ts'
import type { Discovery } from './discovery.ts'
import type { Providers } from './providers.ts'
import type { Gates } from './gates.ts'
import type { Life } from './life.ts'
import type { Listeners } from './listeners.ts'
import type { OverloadGuard } from './overload-guard.ts'
import type { Pools } from './pools.ts'
import type { PreviewHost } from './preview-host.ts'
import type { Published } from './published.ts'
import type { ListenerAtWork } from './listener-services.ts'
import type { RunningPool } from './running-pool.ts'

export interface EdgeViewOptions {
  readonly published: Published
  readonly previews: PreviewHost
  readonly pools: Pools
  readonly discovery: Pick<Discovery, 'of'>
  readonly providers?: Pick<Providers, 'list'>
  readonly listeners: Listeners
  readonly overload: Pick<OverloadGuard, 'view' | 'loop'>
  readonly clients: { readonly store: ClientStore | undefined }
  readonly gates: Pick<Gates, 'limitFacts'>
  readonly bans?: AdminBans
  readonly certificates?: AdminCertificates
  readonly explain?: { readonly explained: AdminExplain | undefined }
  /** Of a listener that ends TLS, by its name. */
  readonly certificatesOf: (listener: string) => readonly CertificateView[] | undefined
  /** Names that a listener orders certificates for, and that have none yet. */
  readonly missingAt: (listener: string) => readonly string[]
  readonly counters: EdgeCounters
  readonly clock: Clock
  readonly life: Life
  readonly log: EventLog
  /** Of the event stream, at once. */
  readonly maxWatchers: number
}

/** What only an edge with files has. */
export interface Besides {
  readonly deploys: AdminDeploys | undefined
  readonly fleet: Pick<FleetNode, 'status'> | undefined
}

export interface EdgeSource extends AdminSource {
  /** From then on the API offers what it can do, and tells how the source of the config is followed. */
  attach(controller: Controller, besides: Besides): void
}

export function createAdminSource(options: EdgeViewOptions): EdgeSource {
  const { published, previews, pools, discovery, listeners, overload, gates, counters, clock, life, log, maxWatchers } =
    options
  const startedAt = clock.wallTime()
  let controller: Controller | undefined
  let besides: Besides = { deploys: undefined, fleet: undefined }
  const poolView = (pool: RunningPool): PoolView => ({
    ...viewOf(pool, discovery.of(pool.name), clock),
    ...deployView(besides.deploys, pool.name),
  })
  const runningPools = (): RunningPool[] => [...pools.running.values()]
  const view = (): EdgeView => ({
    ...reloadView(controller),
    ...(besides.fleet && { fleet: besides.fleet.status() }),
    ...overloadView(overload.view),
    ...limitsView(gates.limitFacts),
    ...clientsView(options.clients.store),
    ...providersView(options.providers?.list ?? []),
    loop: overload.loop,
    phase: life.phase,
    listeners: listeners.running.map((listener) => listenerView(listener, options)),
    counters,
    pools: runningPools().map(poolView),
    routes: routeViews(previews.served, published.world),
  })
  const feed = createFeed({ view, process: () => processView(startedAt), clock })
  return {
    status: () => buildSnapshot(view(), processView(startedAt), clock),
    backends: (name) => {
      const pool = pools.running.get(name)
      return pool === undefined ? [] : poolView(pool).backends
    },
    found: (name) => {
      const pool = pools.running.get(name)
      return pool === undefined ? [] : foundIn(pool, discovery.of(name))
    },
    async metrics(format) {
      const process = await costlyProcessView(startedAt)
      return renderMetrics({ edge: view(), process }, format)
    },
    ready: () => readiness(life.phase, runningPools()),
    config: () => published.config,
    routes: () =>
      allRules(previews.served).map((rule) => ({ match: describeMatch(rule.match), whole: describeRoute(rule) })),
    events: createEventStream({ feed, log, maxWatchers }),
    get clients() {
      return options.clients.store
    },
    get control() {
      return controller
    },
    bans: options.bans,
    certificates: options.certificates,
    get explain() {
      return options.explain?.explained
    },
    get deploys() {
      return besides.deploys
    },
    get previews() {
      return controller && previews
    },
    attach(given, others) {
      controller = given
      besides = others
    },
  }
}

/** The same order of both: whoever makes a world of a config keeps it. */
function routeViews(config: Served, world: World): RouteView[] {
  const running = allRoutes(world)
  return allRules(config).map(({ match, pool }, index) => {
    const { key = '', traffic } = running[index] ?? {}
    const { requests = 0, refused = 0 } = traffic ?? {}
    return { key, match: describeMatch(match), pool, requests, refused, traffic }
  })
}

type Served = Pick<Config, 'routes' | 'tcpRoutes'>

const allRules = ({ routes, tcpRoutes }: Served): readonly RouteConfig[] => [...routes, ...tcpRoutes]

const reloadView = (controller: Controller | undefined) => (controller ? { reload: controller.state() } : {})

const providersView = (providers: Providers['list']) =>
  providers.length === 0
    ? {}
    : {
        providers: providers.map(({ name, presence, provided, skipped }) => ({
          name,
          presence,
          routes: provided.routes.length,
          pools: provided.pools.length,
          skipped,
        })),
      }

const limitsView = (limits: readonly LimitView[]) => (limits.length > 0 ? { limits } : {})

const overloadView = (overload: OverloadView | undefined) => (overload ? { overload } : {})

function clientsView(store: ClientStore | undefined): { readonly clients?: ClientsView } {
  if (store === undefined) return {}
  const { freshness, size } = store
  const ageMs = freshness.kind === 'unknown' ? undefined : freshness.ageMs
  return { clients: { isUp: freshness.kind === 'up', ageMs, size } }
}

function deployView(deploys: AdminDeploys | undefined, pool: string): Pick<PoolView, 'deploy'> {
  const [newest] = deploys?.list(pool) ?? []
  if (deploys === undefined || newest === undefined) return {}
  return { deploy: { ...newest, progress: deployProgress(newest), counters: deploys.counters(pool) } }
}

function readiness(phase: Phase, pools: readonly RunningPool[]): Readiness {
  if (phase !== 'serving') return { kind: 'not-ready', reason: phase }
  if (pools.some((pool) => pool.hasCandidates)) return { kind: 'ready' }
  return { kind: 'not-ready', reason: 'no pool has a usable backend' }
}

function listenerView(
  { config: { name, engine, http3 }, address }: ListenerAtWork,
  { certificatesOf, missingAt }: Pick<EdgeViewOptions, 'certificatesOf' | 'missingAt'>,
) {
  const [certificates, missing] = [certificatesOf(name), missingAt(name)]
  return {
    name,
    address: formatAddress(address),
    ...(engine && { engine }),
    ...(http3 && { http3 }),
    ...(certificates && { certificates }),
    ...(missing.length > 0 && { missing }),
  }
}

/** `degraded` is asked first: it brings up to now what becomes of each backend. */
const viewOf = (
  { name, config, degraded, inflight, counters, queueWaits, backends, strategyFacts, sticky }: RunningPool,
  sources: readonly Followed[],
  clock: Clock,
): PoolView => ({
  name,
  strategy: config.strategy.use,
  strategyFacts,
  degraded,
  ...(config.sticky && { sticky }),
  ...(sources.length > 0 && { sources: sources.map((source) => sourceView(source, clock.now())) }),
  inflight,
  maxInflight: config.maxInflight ?? Infinity,
  counters,
  queueWaits,
  backends,
})

/** Whoever the config names is its own, though a source names it too. */
function foundIn({ config, found }: RunningPool, sources: readonly Followed[]): FoundMember[] {
  const configured = new Set(config.members.map(({ id }) => id))
  return [...found.values()]
    .filter(({ id }) => !configured.has(id))
    .map((member) => ({
      member,
      // One that is about to leave is no longer on the list of anybody.
      source: sources.find(({ members }) => members.has(member.id))?.name ?? 'a source that names it no more',
    }))
}

const sourceView = (followed: Followed, now: number): SourceView => {
  const { name, members, presence, knownAt, skipped, heldBack, counters } = followed
  const ageMs = presence.kind === 'away' ? now - (knownAt ?? presence.since) : 0
  return { name, members: members.size, presence, knownAt, ageMs, skipped, heldBack, counters }
}

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

async function costlyProcessView(startedAt: number): Promise<CostlyProcessView> {
  return {
    ...processView(startedAt),
    heapBytes: process.memoryUsage().heapUsed,
    openDescriptors: await openDescriptors(),
    maxDescriptors: readDescriptorLimit(),
  }
}
