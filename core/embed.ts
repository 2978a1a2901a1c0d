/**
 * SmartEdge inside of a program of your own: what `import { serve } from 'smartedge'` gives. It needs Bun. Nobody keeps a
 * strategy that loops from hanging your process here; `smartedge run` does.
 */
import { join } from 'node:path'
import process from 'node:process'
import type { SocketAddress } from './address.ts'
import { readRegularFile } from './config/files.ts'
import { type Loaded, loadConfig } from './config/load.ts'
import { formatProblem } from './config/problems.ts'
import type { ReloadResult } from './control/contract.ts'
import { startEdge } from './edge.ts'
import { isSource } from './fleet/address.ts'
import type { EdgeEvent } from './observe/events.ts'
import type { StatusSnapshot } from './report/snapshot.ts'

export type { EdgeEvent, ReloadResult, SocketAddress, StatusSnapshot }
export { VERSION } from './version.ts'

export interface ServeOptions {
  /** The file of a configuration, or what would stand in one. */
  readonly config: string | Readonly<Record<string, unknown>>
  /** Absolute: where paths in a configuration without a file begin; absent: the working directory. */
  readonly cwd?: string
  /** What `${NAME}` in the configuration is filled from; absent: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** false: saved files wait for `reload`. */
  readonly watch?: boolean
  /** Told of all that happens; may not throw. Absent: nothing is told. */
  readonly onEvent?: (event: EdgeEvent) => void
}

/** What serves, until it is drained or killed. */
export interface Serving {
  /** Where the listeners really listen. */
  readonly addresses: readonly { readonly listener: string; readonly address: SocketAddress }[]
  /** Where the admin API listens; undefined: there is none. */
  readonly adminAddress: SocketAddress | undefined
  /** What the admin API tells at `/api/status`. */
  status(): StatusSnapshot
  /** Finishes what is under way within `shutdownTimeout`, and cuts the rest; resolves to how many connections were cut. */
  drain(): Promise<{ readonly cut: number }>
  /** Ends at once. */
  kill(): void
  /** Takes the files again; never rejects. Absent where the configuration has no file. */
  readonly reload?: () => Promise<ReloadResult>
}

/** The configuration is faulty: a line in the message for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Resolves when requests are served. Rejects with a `ConfigError`, or with an error whose message says what only trying has
 * shown, a port in use say; nothing is left running then.
 */
export async function serve({
  config,
  cwd = process.cwd(),
  env = process.env,
  ...rest
}: ServeOptions): Promise<Serving> {
  const { watch: isWatched = true, onEvent: emit = () => undefined } = rest
  if (typeof config === 'string' && isSource(config))
    throw new ConfigError(
      'config must be a file or an object: the source of a fleet is followed by smartedge run alone',
    )
  const loaded = typeof config === 'string' ? loadConfig({ path: config, cwd, env }) : loadText(config, cwd, env)
  if (loaded.kind === 'problems') throw new ConfigError(loaded.problems.map(formatProblem).join('\n'))
  const { place, warnings } = loaded
  const files = typeof config === 'string' ? { place, cwd, env, warnings, isWatched } : undefined
  const edge = await startEdge({ config: loaded.config, emit, ...(files && { files }) })
  const { controller } = edge
  return {
    get addresses() {
      return edge.addresses
    },
    get adminAddress() {
      return edge.adminAddress
    },
    status: () => edge.status(),
    drain: () => edge.drain(),
    kill: () => edge.kill(),
    ...(controller && { reload: () => controller.reload('program') }),
  }
}

/** As if `config` stood in a file of the usual name in `cwd`. */
function loadText(config: object, cwd: string, env: NonNullable<ServeOptions['env']>): Loaded {
  const path = join(cwd, 'smartedge.config.json')
  const text = Buffer.from(JSON.stringify(config))
  const readFile = (file: string): Uint8Array => (file === path ? text : readRegularFile(file))
  return loadConfig({ place: { kind: 'config', path }, cwd, env, readFile })
}
