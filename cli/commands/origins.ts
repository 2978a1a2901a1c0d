/** `smartedge origins`: test backends in one process, misbehaving as told, until a signal ends them. */
import { plainProfile, type Profile } from '../../bench/backend.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { OriginError, type OriginSpec, startOrigins } from '../origins/start-origins.ts'

export interface OriginsOptions {
  readonly servers: number
  /** 0: any free ones. */
  readonly startPort: number
  readonly host: string
  readonly latency?: Profile['latencyMs']
  readonly errorRate?: number
  readonly hangRate?: number
  readonly quiet?: boolean
}

export async function origins(io: ServiceIo, options: OriginsOptions): Promise<number> {
  const lastPort = options.startPort + options.servers - 1
  if (options.startPort !== 0 && lastPort > 65_535) {
    io.stderr(`smartedge: ${options.servers} servers from port ${options.startPort} would need port ${lastPort}\n`)
    return exitCode.usage
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<unknown>()
  const stopWatching = io.onSignal(end)
  try {
    const backends = await startOrigins(specsOf(options))
    const ports = backends.map((backend) => backend.port)
    if (!options.quiet) for (const port of ports) io.stdout(`http://${options.host}:${port}\n`)
    await ended
    await Promise.all(backends.map((backend) => backend.stop()))
    return exitCode.ok
  } catch (error) {
    if (!(error instanceof OriginError)) throw error
    io.stderr(`smartedge: ${error.message}\n`)
    return exitCode.failure
  } finally {
    stopWatching()
  }
}

function specsOf({ servers, startPort, host, latency, errorRate, hangRate }: OriginsOptions): OriginSpec[] {
  const profile = {
    latencyMs: latency ?? plainProfile.latencyMs,
    errorRatio: errorRate ?? 0,
    hangRatio: hangRate ?? 0,
  }
  return Array.from({ length: servers }, (_, index) => ({
    host,
    port: startPort === 0 ? 0 : startPort + index,
    profile,
  }))
}
