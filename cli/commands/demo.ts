/** `smartedge demo`: `run`, with an origin started in this process for each member that the config has on this machine. */
import { sourceOf } from '../../core/fleet/address.ts'
import { exitCode } from '../process/exit-codes.ts'
import { loadOrReport } from '../process/load.ts'
import { localOrigins } from '../origins/local-origins.ts'
import { OriginError, startOrigins } from '../origins/start-origins.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { tryNext } from '../origins/try-next.ts'
import { type RunOptions, serveLoaded } from './run.ts'

export async function demo(io: ServiceIo, options: RunOptions): Promise<number> {
  if (sourceOf(options.config, io.env) !== undefined) {
    io.stderr('smartedge: demo needs a configuration in a file; a fleet’s source is for run\n')
    return exitCode.usage
  }
  const loaded = loadOrReport(io, options.config)
  if (!loaded) return exitCode.badConfig
  try {
    const backends = await startOrigins(localOrigins(loaded.config))
    try {
      return await serveLoaded(io, options, loaded, (edge) =>
        io.stdout(tryNext(edge, loaded.config, { command: io.command, origins: backends.length })),
      )
    } finally {
      await Promise.all(backends.map((backend) => backend.stop()))
    }
  } catch (error) {
    if (!(error instanceof OriginError)) throw error
    io.stderr(`smartedge: ${error.message}; stop what listens there, or serve it for real: ${io.command} run\n`)
    return exitCode.failure
  }
}
