/** `smartedge run`: serves the configuration until a signal ends it. */
import { systemClock } from '../../core/clock.ts'
import { startEdge } from '../../core/edge.ts'
import type { Emit } from '../../core/observe/events.ts'
import { descriptorWarning, readDescriptorLimit } from '../descriptors.ts'
import { exitCode } from '../exit-codes.ts'
import { type LoadedConfig, loadOrReport } from '../load.ts'
import { createLog } from '../log.ts'
import { type RunningEdge, serve, type Service } from '../serve.ts'
import type { ServiceIo } from '../service-io.ts'

export interface RunOptions {
  readonly config?: string
  /** Events as JSON, on a terminal too. */
  readonly json?: boolean
  readonly quiet?: boolean
  /** false: saved files wait for a reload. */
  readonly watch?: boolean
}

export async function run(io: ServiceIo, options: RunOptions): Promise<number> {
  const loaded = await loadOrReport(io, options.config)
  return loaded ? await serveLoaded(io, options, loaded) : exitCode.badConfig
}

/** Shared with `demo`, which starts something of its own first. */
export async function serveLoaded(
  io: ServiceIo,
  options: RunOptions,
  { config, file, files }: LoadedConfig,
  onReady?: (edge: RunningEdge) => void,
): Promise<number> {
  const emit = logFor(io, options)
  const warning = descriptorWarning(readDescriptorLimit(), config.limits.maxConnections)
  if (warning !== undefined) io.stderr(`smartedge: ${warning}\n`)
  const start: Service['start'] = (given) =>
    startEdge({ ...given, files: { ...files, isWatched: options.watch ?? true } })
  return await serve({ io, config, file, emit, clock: systemClock, start, ...(onReady && { onReady }) })
}

const logFor = (io: ServiceIo, options: RunOptions): Emit =>
  createLog({
    write: io.stderr,
    format: options.json || !io.stderrIsTty ? 'json' : 'text',
    color: io.color,
    quiet: options.quiet ?? false,
    clock: systemClock,
  })
