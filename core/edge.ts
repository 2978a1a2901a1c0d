/** The composition root: config, clock and chance -> a running edge. Here stands which parts there are, and in which order. */
import type { SocketAddress } from './address.ts'
import { maxAdminConnections } from './admin/connections.ts'
import { MAX_WATCHERS } from './admin/events.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Env } from './config/read/expand.ts'
import type { ConfigFiles, Controller } from './control/contract.ts'
import { createController } from './control/controller.ts'
import { apply, type EdgeControl } from './control/edge-control.ts'
import { createHandler } from './exchange/handle.ts'
import { requestIds } from './forward/request-id.ts'
import type { Services } from './exchange/world.ts'
import { stackOf, StartError } from './errors.ts'
import { MAX_FIELDS } from './http1/limits.ts'
import { RequestHead } from './http1/request-head.ts'
import { ResponseHead } from './http1/response-head.ts'
import { freeDescriptors, readDescriptorLimit } from './descriptors.ts'
import { createTurns } from './inbound/turns.ts'
import { trialsApart } from './lab/examine-apart.ts'
import type { LookUp } from './names/look-up.ts'
import { createNameTable, SYSTEM_FILES, systemLookUp } from './names/resolver.ts'
import { DescriptorBudget } from './net/budget.ts'
import type { Connect } from './net/connect.ts'
import { createDial } from './net/dial.ts'
import { systemConnect } from './net/system-connect.ts'
import { TimerWheel } from './net/timer-wheel.ts'
import { edgeLedger } from './observe/counters.ts'
import { createEventLog, type EventLog } from './observe/event-log.ts'
import type { Emit } from './observe/events.ts'
import { startLatencyWindow } from './observe/histogram.ts'
import { seldom } from './observe/seldom.ts'
import type { ApplyProblem } from './part.ts'
import type { StatusSnapshot } from './report/snapshot.ts'
import { type Random, systemRandom } from './random.ts'
import { Addresses } from './runtime/addresses.ts'
import { AdminHost } from './runtime/admin-host.ts'
import { createEdgeControl } from './runtime/control.ts'
import { createWorld } from './runtime/create-world.ts'
import { createAdminSource } from './runtime/edge-view.ts'
import { GeoHost } from './runtime/geo-host.ts'
import { createLife } from './runtime/life.ts'
import { Listeners } from './runtime/listeners.ts'
import { Pools } from './runtime/pools.ts'
import { Published } from './runtime/published.ts'
import { createPluginHost, type StrategyGuard, unguarded } from './strategy/host.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly emit: Emit
  /** Where the config came from; absent: from nowhere, and nothing can be reloaded. */
  readonly files?: ConfigFiles
  readonly clock?: Clock
  readonly random?: Random
  /** Whose process it is keeps strategies from hanging it; absent: nobody does. */
  readonly guard?: StrategyGuard
  /** How names are looked up; absent: as the system does. */
  readonly lookUp?: LookUp
  /** How sockets are connected; absent: as well as the system can. */
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

/** Rejects with StartError, a line or more for the person who started it; nothing is left running then. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { config, files, clock = systemClock, random = systemRandom, connect } = options
  const lookUp = options.lookUp ?? systemLookUp(clock, SYSTEM_FILES)
  const journal = createEventLog(clock, options.emit)
  const log = { ...journal, emit: seldom(clock, journal.emit) }
  const { emit } = log
  const { life, listeners, source, admin, control, ...rest } = assemble({
    clock,
    random,
    lookUp,
    connect,
    log,
    env: files?.env,
    guard: options.guard ?? unguarded(),
  })
  let controller: Controller | undefined
  const kill = (): void => {
    controller?.stop()
    rest.end()
  }
  const finish = async (): Promise<{ readonly cut: number }> => {
    controller?.stop()
    const { shutdownDelayMs, shutdownTimeoutMs } = control.config
    listeners.letGo()
    await life.end({
      delayMs: shutdownDelayMs,
      withinMs: shutdownTimeoutMs,
      shut: (done) => rest.addresses.endQuietly(done),
    })
    const cut = rest.counters.connectionsOpen
    kill()
    return { cut }
  }

  let finished: Promise<{ readonly cut: number }> | undefined
  const drain = (): Promise<{ readonly cut: number }> => (finished ??= finish())

  try {
    const applied = await apply(control, config)
    if (applied.kind === 'refused') throw new StartError(applied.problems.map(explain).join('\n'))
    controller = files && createController({ edge: control, files, emit, clock })
    if (controller !== undefined) source.attach(controller)
  } catch (error) {
    kill()
    throw error
  }
  life.begin()
  return {
    get addresses() {
      return listeners.running.map(({ config: { name }, address }) => ({ listener: name, address }))
    },
    get adminAddress() {
      return admin.address
    },
    status: () => source.status(),
    reportFault: rest.reportFault,
    control,
    controller,
    drain,
    kill,
  }
}

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly lookUp: LookUp
  readonly connect: Connect | undefined
  readonly log: EventLog
  /** Of the process; absent: nothing is kept in its user's folders. */
  readonly env: Env | undefined
  readonly guard: StrategyGuard
}

/** All parts of an edge, joined; nothing is served before `control` has been given a config. */
function assemble({ clock, random, lookUp, connect, log, env, guard }: Surroundings) {
  const { emit } = log
  const counters = edgeLedger.create()
  const { window, stop: stopWindow } = startLatencyWindow(clock)
  const reportFault = (error: unknown): void => emit({ kind: 'fault', detail: stackOf(error) })
  const wheel = new TimerWheel(clock, reportFault)
  const onShortage = (detail: string): void => emit({ kind: 'shortage', detail })
  const budget = new DescriptorBudget({ limit: readDescriptorLimit(), free: freeDescriptors, clock, onShortage })
  const life = createLife(clock, () => counters.connectionsOpen === 0)
  const published = new Published()
  const addresses = new Addresses(clock, reportFault)

  const turns = createTurns(clock, reportFault)
  const writeRequestId = requestIds(random)
  const services: Services = { clock, random, counters, writeRequestId, observers: [] }
  const handler = createHandler({
    services,
    world: () => published.world,
    head: new RequestHead(MAX_FIELDS),
    wheel,
    turns,
    idle: budget.idleClients,
  })
  const plugins = createPluginHost({ clock, examine: trialsApart(clock), reportFault, freeDescriptors, guard })
  const head = new ResponseHead(MAX_FIELDS)
  const names = createNameTable(clock, lookUp)
  const dial = createDial({
    connect: connect ?? systemConnect(reportFault),
    names,
    clock,
    wheel,
    reportFault,
    relieve: () => budget.relieve(),
    onShortage,
  })
  const pools = new Pools({ clock, random, emit, wheel, head, window, dial, names, budget, plugins })
  const geo = new GeoHost()
  const publish = published.part((config, previous) =>
    createWorld(config, { pools: pools.running, geo: geo.current, previous }),
  )
  const listeners = new Listeners({
    addresses,
    clock,
    counters,
    emit,
    reportFault,
    handler,
    budget,
    maxConnections: () => published.world.limits.maxConnections ?? budget.clientsWithBackends,
    onClosed: () => life.clientGone(),
  })
  const maxAdmin = maxAdminConnections(readDescriptorLimit())
  const maxWatchers = Math.min(MAX_WATCHERS, Math.floor(maxAdmin / 2))
  const source = createAdminSource({ published, pools, listeners, counters, clock, life, log, maxWatchers })
  const surroundings = { clock, wheel, turns, reportFault, env, maxConnections: maxAdmin }
  const admin = new AdminHost({ addresses, source, emit, surroundings })

  // In this order they get ready and commit. The ports come last: nobody is let in before everything else is ready, and
  // a second process fails over the admin address before it has let anybody in.
  const parts = [pools, geo, publish, admin, listeners]
  const control = createEdgeControl({ parts, published, pools, listeners, life })
  const end = (): void => {
    addresses.end()
    listeners.cut()
    pools.stop()
    stopWindow()
    admin.stop()
  }
  return { counters, reportFault, life, addresses, listeners, source, admin, control, end }
}

const explain = ({ key, message }: ApplyProblem): string => `${key}: ${message}`
