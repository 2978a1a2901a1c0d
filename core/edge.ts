/** The composition root: config, clock and chance -> a running edge. Here stands which parts there are, and in which order. */
import { randomBytes } from 'node:crypto'
import type { SocketAddress } from './address.ts'
import { maxAdminConnections } from './admin/connections.ts'
import { MAX_WATCHERS } from './admin/events.ts'
import { ClientsPart } from './clients/part.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { ConfigFiles, Controller } from './control/contract.ts'
import { createController } from './control/controller.ts'
import { apply, type EdgeControl } from './control/edge-control.ts'
import { takeProvided } from './control/provided.ts'
import { createQueue, joinWaiting } from './control/queue.ts'
import { createRecords } from './control/records.ts'
import type { Deploys } from './deploy/deploys.ts'
import type { FleetNode } from './fleet/node.ts'
import { createHandler } from './exchange/handle.ts'
import type { Observer } from './exchange/record.ts'
import { requestIds } from './forward/request-id.ts'
import { MAX_FIELDS } from './http1/limits.ts'
import { RequestHead } from './http1/request-head.ts'
import type { LookUp } from './names/look-up.ts'
import { SYSTEM_FILES, systemLookUp } from './names/resolver.ts'
import { createAsk } from './net/ask.ts'
import type { Connect } from './net/connect.ts'
import { eventClock } from './net/event-clock.ts'
import { createHandshakes } from './net/tls.ts'
import { type ChosenTransport, chooseTransport } from './net/system-transport.ts'
import { type EdgeCounters, edgeLedger } from './observe/counters.ts'
import type { Emit } from './observe/events.ts'
import { Refusal } from './part.ts'
import type { StatusSnapshot } from './report/snapshot.ts'
import { type Random, systemRandom } from './random.ts'
import { AcmeHost } from './runtime/acme-host.ts'
import { AccessLogHost } from './runtime/access-log-host.ts'
import { AdminHost } from './runtime/admin-host.ts'
import { createAccess } from './runtime/create-access.ts'
import { createPlugins, createPools } from './runtime/create-pools.ts'
import { createCertificates } from './runtime/certificates.ts'
import { createEdgeControl } from './runtime/control.ts'
import { createWorld } from './runtime/create-world.ts'
import { createDeploys } from './runtime/deploy-host.ts'
import { Discovery } from './runtime/discovery.ts'
import { sourceServices } from './runtime/source-services.ts'
import { createAdminSource } from './runtime/edge-view.ts'
import { Gates } from './runtime/gates.ts'
import { Fleet } from './limits/fleet.ts'
import { KeyHash } from './limits/key-hash.ts'
import { dialRedis } from './limits/redis.ts'
import { inEvent } from './net/event.ts'
import { ExplainHost } from './runtime/explain-host.ts'
import { followedEdge } from './runtime/followed-edge.ts'
import { GeoHost } from './runtime/geo-host.ts'
import { createGround, type Ground } from './runtime/ground.ts'
import { Listeners } from './runtime/listeners.ts'
import { OverloadGuard } from './runtime/overload-guard.ts'
import { createPreviews } from './runtime/preview-host.ts'
import type { Pools } from './runtime/pools.ts'
import { Providers } from './runtime/providers.ts'
import { TlsHost } from './runtime/tls-host.ts'
import { TraceHost } from './runtime/trace-host.ts'
import { type StrategyGuard, unguarded } from './strategy/host.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly emit: Emit
  /** Where the config came from; absent: from nowhere, and nothing can be reloaded. */
  readonly files?: ConfigFiles
  /** Follows the source that `files` come from; absent: they are files. */
  readonly fleet?: FleetNode | undefined
  readonly clock?: Clock
  readonly random?: Random
  /** Whose process it is keeps strategies from hanging it; absent: nobody does. */
  readonly guard?: StrategyGuard
  /** What has been counted before it starts, to be counted on; absent: nothing. */
  readonly counters?: EdgeCounters
  /** How names are looked up; absent: as the system does. */
  readonly lookUp?: LookUp
  /** Where sockets come from; absent: the best that the system has. */
  readonly transport?: ChosenTransport
  /** How sockets are connected; absent: as the transport does. */
  readonly connect?: Connect
}

export interface Edge {
  /** Where the listeners really listen. */
  readonly addresses: readonly { readonly listener: string; readonly address: SocketAddress }[]
  /** Where the admin API listens; undefined: there is none. */
  readonly adminAddress: SocketAddress | undefined
  status(): StatusSnapshot
  /** Tells of what nobody caught, as a `fault`. */
  reportFault(error: unknown): void
  /** Logs go on in what stands at their paths now: what was there has been moved away. */
  reopenLogs(): void
  /** For whoever changes what it does while it runs. */
  readonly control: EdgeControl
  /** Reloads, plans and edits; undefined without files. */
  readonly controller: Controller | undefined
  /**
   * Accepts for `shutdownDelayMs` more, gives the addresses up, finishes what is under way within `shutdownTimeoutMs` in
   * all, and cuts the rest; resolves to how many were cut.
   */
  drain(): Promise<{ readonly cut: number }>
  /** Ends at once. */
  kill(): void
}

/** All zero: for whoever has something to count before an edge starts. */
export const createCounters = (): EdgeCounters => edgeLedger.create()

/** Rejects with Refusal when the config cannot be put in force; nothing is left running then. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { config, files, fleet, emit, clock = systemClock, random = systemRandom, connect } = options
  const lookUp = options.lookUp ?? systemLookUp(clock, SYSTEM_FILES)
  const guard = options.guard ?? unguarded()
  const counters = options.counters ?? createCounters()
  const { transport, fallback } = options.transport ?? chooseTransport(config.transport, systemClock)
  const ground = createGround({ clock, random, emit, guard, lookUp, transport, connect, env: files?.env, counters })
  if (fallback !== undefined) ground.emit({ kind: 'transport-fallback', reason: fallback })
  const assembly = assemble(ground, files)
  const { control, providers, source } = assembly
  try {
    const applied = await apply(control, config)
    if (applied.kind === 'refused') throw new Refusal(applied.problems)
    const controller = files && createController({ edge: control, files, emit: ground.emit, clock })
    const deploys = controller && files && createDeploys({ ...ground, pools: assembly.pools, controller, files })
    if (controller !== undefined) source.attach(controller, { deploys, fleet })
    if (controller !== undefined) assembly.previews.attach(controller)
    providers.follow(controller ? (origin) => void controller.refresh(origin) : refresher(ground, control))
    ground.life.begin()
    if (controller !== undefined) fleet?.begin(followedEdge({ ...assembly, controller, emit: ground.emit }))
    return edgeOf(ground, assembly, controller && { controller, deploys, fleet })
  } catch (error) {
    assembly.end()
    throw error
  }
}

/** Where nothing can be reloaded, all the same what providers add is put in force, one after the other, and told. */
function refresher({ clock, emit }: Ground, control: EdgeControl): (origin: string) => void {
  const records = createRecords(control.config, clock, emit)
  const refresh = joinWaiting(createQueue(), (origins: readonly string[]) =>
    takeProvided(control, records, [...new Set(origins)].join(', ')),
  )
  return (origin) => void refresh(origin)
}

/** All parts of an edge, joined; nothing is served before `control` has been given a config. */
function assemble(ground: Ground, files: ConfigFiles | undefined) {
  const { clock, counters, wheel, turns, pipes, budget, life, published, addresses, log } = ground
  const plugins = createPlugins(ground)
  const pools: Pools = createPools(ground, plugins, (address) => discovery.doubt(address))
  const services = sourceServices(ground)
  const discovery = new Discovery({ ...ground, pools, services })
  const providers = new Providers({ ...ground, services })
  const explain = new ExplainHost({ ...ground, plugins, token: () => admin.token })
  const geo = new GeoHost()
  const clients = new ClientsPart(ground)
  const overload = createOverloadGuard(ground)
  const { accessFiles, auth, bans, rulesOf } = createAccess(ground, () => clients.directory)
  const gates = new Gates({
    clock,
    seed: randomBytes(8),
    shedder: (priority) => overload.admission(priority),
    sharing: {
      clock,
      fleet: new Fleet(new KeyHash(randomBytes(8)), { ...ground, dial: dialRedis }),
      inEvent: (task) => inEvent(ground.reportFault, task),
    },
    ownLimitOf: ({ client }) => client && clients.directory?.limitOf(client),
    access: rulesOf,
    bans,
  })
  const traces = new TraceHost({ ...ground, ask: createAsk(clock, ground.reportFault) })
  const previews = createPreviews(ground, files)
  const publish = published.part((config, previous) =>
    createWorld(previews.served, {
      pools: pools.running,
      geo: geo.current,
      explainer: explain.current,
      admission: (rule, key) => gates.admission(rule, key),
      tracing: (rule) => traces.tracingOf(rule),
      ...(config.listeners.some(({ tls }) => tls?.acme?.challenge === 'http-01') && { proofs: acme }),
      previous,
    }),
  )
  const observers: Observer[] = []
  const accessLog = new AccessLogHost({ ...ground, observers })
  const handler = createHandler({
    services: { ...ground, clock: eventClock(clock), writeRequestId: requestIds(ground.random), observers },
    world: () => published.world,
    head: new RequestHead(MAX_FIELDS),
    wheel,
    turns,
    pipes,
    idle: budget.idleClients,
    crowd: ground.crowd,
  })
  const tls = new TlsHost(ground)
  const acme = new AcmeHost({ ...ground, ask: createAsk(clock, ground.reportFault), tls })
  const listeners = new Listeners({
    ...ground,
    handler,
    maxConnections: () => published.world.limits.maxConnections ?? budget.clientsWithBackends,
    drainTimeoutMs: () => published.config.drainTimeoutMs,
    isUnwanted: (address) => bans.keepsOut(address),
    onClosed: () => life.clientGone(),
    tls,
    beginHandshake: createHandshakes(ground),
  })
  const maxConnections = maxAdminConnections(ground.descriptorLimit)
  const maxWatchers = Math.min(MAX_WATCHERS, Math.floor(maxConnections / 2))
  const source = createAdminSource({
    published,
    previews,
    pools,
    discovery,
    providers,
    listeners,
    overload,
    clients,
    gates,
    bans,
    certificates: createCertificates({ ...ground, tls, acme }),
    explain,
    certificatesOf: (listener) => tls.certificatesOf(listener),
    missingAt: (listener) => acme.missingAt(listener),
    counters,
    clock,
    life,
    log,
    maxWatchers,
  })
  const admin: AdminHost = new AdminHost({ ...ground, source, surroundings: { ...ground, maxConnections } })

  // In this order they get ready and commit. The ports come last: nobody is let in before everything else is ready, and
  // a second process fails over the admin address before it has let anybody in.
  const parts = [
    previews,
    previews.over(pools),
    discovery,
    geo,
    clients,
    accessFiles,
    auth,
    bans,
    overload,
    previews.over(gates),
    accessLog,
    traces,
    explain,
    publish,
    admin,
    tls,
    acme,
    listeners,
  ]
  const control = createEdgeControl({ parts, providers, published, pools, listeners, life })
  const end = (): void => {
    addresses.end()
    listeners.cut()
    providers.stop()
    previews.stop()
    discovery.stop()
    pools.stop()
    pipes.close()
    overload.stop()
    clients.stop()
    gates.stop()
    auth.stop()
    ground.stopWindow()
    accessLog.stop()
    traces.stop()
    tls.stop()
    admin.stop()
    acme.stop()
  }
  return { pools, previews, listeners, source, admin, control, providers, accessLog, traces, end }
}

type Assembly = ReturnType<typeof assemble>

const createOverloadGuard = (ground: Ground): OverloadGuard =>
  new OverloadGuard({
    ...ground,
    residentBytes: () => process.memoryUsage.rss(),
    allowedBytes: () => process.constrainedMemory(),
  })

/** What changes an edge that has files. */
interface Changing {
  readonly controller: Controller
  readonly deploys: Deploys | undefined
  readonly fleet: FleetNode | undefined
}

/** What runs, for whoever started it. */
function edgeOf(ground: Ground, assembly: Assembly, changing: Changing | undefined): Edge {
  const { controller, deploys, fleet } = changing ?? {}
  const { life, addresses, counters, reportFault } = ground
  const { previews, providers, listeners, source, admin, control, accessLog, traces, end } = assembly
  const kill = (): void => {
    controller?.stop()
    deploys?.stop()
    void fleet?.end()
    end()
  }
  const finish = async (): Promise<{ readonly cut: number }> => {
    controller?.stop()
    deploys?.stop()
    previews.stop()
    // Nothing more is put in force.
    providers.stop()
    const left = fleet?.end()
    const { shutdownDelayMs: delayMs, shutdownTimeoutMs: withinMs } = control.config
    listeners.letGo()
    await life.end({ delayMs, withinMs, shut: (done) => addresses.endQuietly(done) })
    const cut = counters.connectionsOpen
    await Promise.all([accessLog.end(), traces.end(), left])
    kill()
    return { cut }
  }
  let finished: Promise<{ readonly cut: number }> | undefined
  return {
    get addresses() {
      return listeners.running.map(({ config: { name }, address }) => ({ listener: name, address }))
    },
    get adminAddress() {
      return admin.address
    },
    status: () => source.status(),
    reportFault,
    control,
    controller,
    reopenLogs: () => accessLog.reopen(),
    drain: () => (finished ??= finish()),
    kill,
  }
}
