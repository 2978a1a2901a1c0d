/**
 * Tells when files may have changed, however they are saved: in place, by renaming, deleted and made again, by a link that
 * turns, by a folder that takes the place of another anywhere on the way. Folders are watched, not files: a file's own
 * watch ends when another takes its name.
 */
import { dirname } from 'node:path'
import { watchFolders } from './watch-folders.ts'
import { findWatchPoints, type WatchPoints } from './watch-points.ts'

export interface FileWatch {
  /**
   * These files from now on, absolute. Call it after each change: links may have turned, folders may be others. Resolves
   * when they are watched.
   */
  set(files: Iterable<string>): Promise<void>
  stop(): void
}

export interface FileWatchOptions {
  /**
   * Called at each sign of a change, often several times for one; also when a folder has come under watch. Let things
   * settle for some 20 ms before looking: Bun 1.4.5 leaves out an event within 2 ms of one like it.
   */
  readonly onChange: () => void
  /** In words: changes below a folder go unnoticed. */
  readonly onFault: (detail: string) => void
}

export function watchFiles({ onChange, onFault }: FileWatchOptions): FileWatch {
  let points: WatchPoints = { folders: new Map(), names: new Set() }
  let isStopped = false
  /** Folders whose fault was told, while they count. */
  let told = new Set<string>()
  const folders = watchFolders({
    onEvent(path) {
      if (!isStopped && (points.names.has(path) || points.folders.has(path))) onChange()
    },
    onFault(folder, error) {
      if (told.has(folder) || !isWorthAWord(error, holdsFile(folder, points))) return
      told.add(folder)
      onFault(`watching ${folder}: ${error instanceof Error ? error.message : String(error)}`)
    },
  })
  return {
    async set(files) {
      if (isStopped) return
      points = findWatchPoints(files)
      told = new Set([...told].filter((folder) => points.folders.has(folder)))
      await folders.set(points.folders)
    },
    stop() {
      isStopped = true
      folders.stop()
    },
  }
}

/** Whether more is looked for in it than the next folder on the way. */
const holdsFile = (folder: string, { names, folders }: WatchPoints): boolean =>
  [...names].some((name) => dirname(name) === folder && !folders.has(name))

/** What has gone meanwhile is seen at the next look. Who may not read a folder further up misses its swaps alone. */
function isWorthAWord(error: unknown, holdsFile: boolean): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return code !== 'ENOENT' && code !== 'ENOTDIR' && (code !== 'EACCES' || holdsFile)
}
