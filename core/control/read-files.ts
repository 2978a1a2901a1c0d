/** Loads everything again, as far as it has changed, and knows an unchanged set of files as such. */
import type { Clock } from '../clock.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import type { MayRead } from '../config/read/reading.ts'
import { isSettled, stampOf } from '../file-stamp.ts'
import type { ConfigFiles } from './contract.ts'
import { contentOf, createFileMemory, type FileContent, type FileMemory } from './file-memory.ts'

export interface FilesRead {
  readonly loaded: Loaded
  /** Those of the config on disk, absolute. */
  readonly files: readonly string[]
  /** Of a file that was read; undefined of any other. */
  text(path: string): string | undefined
  /** The same for the same contents and the same problems. */
  readonly digest: string
}

/** By absolute path; they count instead of what is on disk. */
export type Overlay = ReadonlyMap<string, string>

/**
 * Never throws. Without an overlay it returns the same object for as long as no file shows a change. `mayRead`: which
 * variables texts may read; absent: all.
 */
export type ReadFiles = (overlay?: Overlay, mayRead?: MayRead) => FilesRead

/** `besides`: files that are not part of the config, yet make a difference: the strategies'. */
export function createReader(files: ConfigFiles, besides: () => readonly string[], clock: Clock): ReadFiles {
  const memory = createFileMemory(clock)
  const given = (): Overlay => new Map(files.given && [[files.place.path, files.given.text]])
  let newest: { readonly read: FilesRead; readonly stamps: string | undefined; readonly text?: string } | undefined

  /** Of all files that count, as one text; undefined: one of them is too young to tell of a later change. */
  function stampAll(): string | undefined {
    const paths = new Set([...(newest?.read.files ?? []), ...besides()])
    const stamps = [...paths].map((path) => ({ path, stamp: stampOf(path) }))
    if (stamps.some(({ stamp }) => !isSettled(stamp, clock.wallTime()))) return undefined
    return stamps.map(({ path, stamp }) => `${path} ${stamp.text}`).join('\n')
  }

  function readNow(): FilesRead {
    // Before they are read: who writes to one from here on gives it another stamp.
    const stamps = stampAll()
    const text = files.given?.text
    if (newest !== undefined && newest.text === text && newest.stamps === stamps && stamps !== undefined)
      return newest.read
    const read = load(files, { memory, besides: besides(), overlay: given() })
    memory.keep([...read.files, ...besides()])
    newest = { read, stamps, ...(text !== undefined && { text }) }
    return read
  }

  return (overlay, mayRead) =>
    overlay === undefined
      ? readNow()
      : load(files, { memory, besides: besides(), overlay: new Map([...given(), ...overlay]), mayRead })
}

interface Sources {
  readonly memory: FileMemory
  readonly besides: readonly string[]
  readonly overlay: Overlay
  readonly mayRead?: MayRead | undefined
}

function load({ place, cwd, env, given }: ConfigFiles, { memory, besides, overlay, mayRead }: Sources): FilesRead {
  const contents = new Map<string, FileContent>()
  const readFile = (path: string): Uint8Array => {
    const text = overlay.get(path)
    const content = text === undefined ? memory.read(path) : contentOf(new TextEncoder().encode(text))
    contents.set(path, content)
    return content.bytes
  }
  const loaded = loadConfig({ place, cwd, env, mayRead, readFile })
  const files = loaded.files.filter((path) => path !== place.path || given === undefined)
  const strategies = new Set(besides)
  const markOf = (path: string): string => {
    const hash = contents.get(path)?.hash
    if (hash !== undefined) return hash
    // What only has to be there, a database, is too large to be read for this.
    return strategies.has(path) ? hashOf(path, memory) : stampOf(path).text
  }
  const paths = new Set([...loaded.files, ...strategies])
  const problems = loaded.kind === 'problems' ? loaded.problems.map(formatProblem) : []
  return {
    loaded,
    files,
    text(path) {
      const content = contents.get(path)
      return content && new TextDecoder().decode(content.bytes)
    },
    digest: [...[...paths].toSorted().map((path) => `${path} ${markOf(path)}`), ...problems].join('\n'),
  }
}

function hashOf(path: string, memory: FileMemory): string {
  try {
    return memory.read(path).hash
  } catch (error) {
    return error instanceof Error ? error.message : 'unreadable'
  }
}
