/** `smartedge run`: serves the configuration until a signal ends it. */
import { systemClock } from '../../core/clock.ts'
import { createCounters, startEdge } from '../../core/edge.ts'
import { sourceOf } from '../../core/fleet/address.ts'
import { stackOf } from '../../core/errors.ts'
import type { EdgeCounters } from '../../core/observe/counters.ts'
import type { Emit } from '../../core/observe/events.ts'
import { type Dashboard, startDashboard } from '../top/dashboard.ts'
import { descriptorWarning, freeDescriptors, readDescriptorLimit } from '../../core/descriptors.ts'
import { homeOf } from '../../core/own-files.ts'
import { exitCode } from '../process/exit-codes.ts'
import { type LoadedConfig, loadOrReport } from '../process/load.ts'
import { createLog, createServiceLog, type ServiceLog, styleOf } from '../process/event-log.ts'
import { type RunningEdge, serve, type Service } from '../process/serve.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { warmUp } from '../process/warm-up.ts'
import { createWatchdog } from '../process/watchdog.ts'

export interface RunOptions {
  readonly config?: string
  /** Where relative paths start, of a config that stands in no file; absent: in the working folder. */
  readonly base?: string
  /** Events as JSON, on a terminal too. */
  readonly json?: boolean
  readonly quiet?: boolean
  /** false: saved files wait for a reload. */
  readonly watch?: boolean
  /** The dashboard in the same terminal; leaving it ends the balancer. */
  readonly top?: boolean
  /** In a process of its own, which is started again when it dies. */
  readonly supervised?: boolean
  /** Requests of its own first, so that its code is compiled before it takes its ports. */
  readonly warmUp?: boolean
}

export async function run(io: ServiceIo, options: RunOptions): Promise<number> {
  const source = sourceOf(options.config, io.env)
  if (source === undefined && options.base !== undefined) {
    io.stderr(
      'smartedge: --base is for a configuration from etcd://, consul:// or https://: in a file, paths start at its folder\n',
    )
    return exitCode.usage
  }
  const loaded =
    source === undefined
      ? (loadOrReport(io, options.config) ?? exitCode.badConfig)
      : await (await import('../process/load-source.ts')).loadSource(io, source, options.base)
  return typeof loaded === 'number' ? loaded : await serveLoaded(io, options, loaded)
}

/** Shared with `demo`, which starts something of its own first. */
export async function serveLoaded(
  io: ServiceIo,
  options: RunOptions,
  loaded: LoadedConfig,
  onReady?: (edge: RunningEdge) => void,
): Promise<number> {
  const counters = createCounters()
  const log = createServiceLog({ io, style: styleOf(io, options), clock: systemClock, counters })
  // What it says stands below the events that led there.
  const onServing = onReady && ((edge: RunningEdge): void => void log.settled().then(() => onReady(edge)))
  try {
    return options.top
      ? await serveBelowTop(io, options, loaded, { log, counters })
      : await serveWith(io, options, loaded, { log, counters, onReady: onServing })
  } finally {
    await log.end()
  }
}

/** What is told of an edge, and what is counted. */
interface Telling {
  readonly log: ServiceLog
  readonly counters: EdgeCounters
}

/** Events are not written while the dashboard has the terminal: it shows them itself. */
async function serveBelowTop(
  io: ServiceIo,
  options: RunOptions,
  loaded: LoadedConfig,
  { log, counters }: Telling,
): Promise<number> {
  const { admin } = loaded.config
  if (admin === undefined || !io.isTty) {
    io.stderr(`smartedge: --top needs ${admin ? 'a terminal' : 'an admin API: add "admin" to the config'}\n`)
    return exitCode.usage
  }
  let dashboard: Dashboard | undefined
  let hasLeft = false
  const left = Promise.withResolvers<void>()
  const belowIo: ServiceIo = {
    ...io,
    onSignal(handler) {
      void left.promise.then(() => handler('SIGTERM'))
      return io.onSignal(handler)
    },
  }
  const emit: Emit = (event) => {
    if (dashboard !== undefined) return
    // Nobody sent a signal.
    log.emit(event.kind === 'draining' && hasLeft ? { ...event, signal: 'dashboard left' } : event)
  }
  const showDashboard = ({ adminAddress }: RunningEdge): void => {
    dashboard = startDashboard({ address: adminAddress ?? admin.address, token: admin.token?.reveal() })
    void dashboard.ended.then((code) => {
      dashboard = undefined
      // Whoever leaves it wants both to end; one that fails says nothing about the balancer.
      hasLeft = code === exitCode.ok
      if (hasLeft) left.resolve()
      else log.emit({ kind: 'fault', detail: `the dashboard ended with exit code ${code}; serving goes on` })
    })
  }
  const code = await serveWith(belowIo, options, loaded, { log: { ...log, emit }, counters, onReady: showDashboard })
  await dashboard?.stop()
  return code
}

async function serveWith(
  io: ServiceIo,
  options: RunOptions,
  { config, file, files, fleet, refuse: onRefused }: LoadedConfig,
  { log, counters, onReady }: Telling & { readonly onReady?: ((edge: RunningEdge) => void) | undefined },
): Promise<number> {
  const { emit } = log
  const warning = descriptorWarning(readDescriptorLimit(), config.limits.maxConnections)
  if (warning !== undefined) emit({ kind: 'open-files', ...warning })
  const style = styleOf(io, options)
  const guard = createWatchdog({ home: homeOf(io.env), style, emit, freeDescriptors })
  const start: Service['start'] = async (given) => {
    // Who can't be warmed up serves cold.
    if (options.warmUp) await warmUp().catch((error: unknown) => emit({ kind: 'fault', detail: stackOf(error) }))
    return await startEdge({ ...given, files: { ...files, isWatched: options.watch ?? true }, fleet, guard, counters })
  }
  const tellNow = createLog({ ...style, write: (line) => io.stderrNow(`${line}\n`), clock: systemClock })
  const lastWords: Emit = (event) => {
    log.stop()
    tellNow(event)
  }
  try {
    const service = { io, config, file, emit, lastWords, clock: systemClock, start, onRefused }
    return await serve({ ...service, ...(onReady && { onReady }) })
  } finally {
    guard.stop()
  }
}
