/**
 * A small text that outlives the process, one for each configuration file: in the folder of a service, else of our user.
 * What cannot be kept is told, and goes on in memory.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Env } from '../config/read/expand.ts'
import type { Emit } from '../observe/events.ts'
import { homeOf, lastingFolders, readOwn, writeOwn } from '../own-files.ts'

export interface OwnStateOptions {
  /** What it is, and the file's name begins with: `deploys`. */
  readonly name: string
  /** Absolute path of the configuration. */
  readonly config: string
  readonly env: Env
  readonly emit: Emit
}

export interface OwnState {
  /** undefined: there is none, or none to be trusted. */
  read(): string | undefined
  write(text: string): void
}

const MAX_BYTES = 4 * 1024 * 1024

export function ownState({ name, config, env, emit }: OwnStateOptions): OwnState {
  const home = homeOf(env)
  const folders = lastingFolders(home)
  const file = `${name}-${createHash('sha256').update(config).digest('hex').slice(0, 16)}.json`
  return {
    read() {
      for (const folder of folders) {
        const path = join(folder, file)
        const found = readOwn(path, MAX_BYTES, home)
        if (found.kind === 'read') return found.text
        if (found.kind === 'refused') emit({ kind: 'state-ignored', file: path, reason: found.reason })
      }
      return undefined
    },
    write(text) {
      const kept = writeOwn(folders, file, text, home)
      if (kept.kind === 'fault')
        emit({ kind: 'fault', detail: `${name} are not kept, and end with this process: ${kept.reason}` })
    },
  }
}
