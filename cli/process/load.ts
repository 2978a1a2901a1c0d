/** Reads the configuration for a command that needs one, and tells people what is wrong with it. */
import { displayName } from '../../core/config/read/reading.ts'
import type { Config } from '../../core/config/config.ts'
import { loadConfig } from '../../core/config/load.ts'
import { printProblems } from '../commands/validate.ts'
import type { ConfigFiles } from '../../core/control/contract.ts'
import type { Io } from './io.ts'

export interface LoadedConfig {
  readonly config: Config
  /** The file it came from, as people would name it. */
  readonly file: string
  readonly files: ConfigFiles
}

/** undefined: the problems have been written, the command ends with `badConfig`. */
export function loadOrReport(io: Io, path: string | undefined): LoadedConfig | undefined {
  const loaded = loadConfig({ path, cwd: io.cwd, env: io.env })
  if (loaded.kind === 'config') {
    const { config, source, place, onceRead } = loaded
    const files = { place, cwd: io.cwd, env: io.env, onceRead, isWatched: true }
    return { config, file: displayName(source, io.cwd), files }
  }
  printProblems(io, loaded)
  return undefined
}
