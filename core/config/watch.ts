/** Tells when files may have changed, however they are saved: in place, by renaming, deleted and made again, by a link that turns. */
import { join } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { findWatchPoints, isSamePoints, type WatchPoints } from './watch-points.ts'

export interface FileWatch {
  /** These files from now on, absolute; resolves when they are watched. Call it after each change: links may have turned. */
  set(files: Iterable<string>): Promise<void>
  stop(): void
}

export interface FileWatchOptions {
  /**
   * Called at each sign of a change, often several times for one; also when files have come under watch. Let things
   * settle for some 20 ms before looking: Bun 1.4.5 leaves out an event within 2 ms of one like it.
   */
  readonly onChange: () => void
  /** In words: the watch may have become deaf. */
  readonly onFault: (detail: string) => void
}

/**
 * The folders are watched, not the files: a file's own watch ends when another takes its name (chokidar 6.0.0 on a
 * file behind a link sees `..data` turn only if the old target goes as well).
 */
export function watchFiles({ onChange, onFault }: FileWatchOptions): FileWatch {
  let current: { readonly points: WatchPoints; readonly watcher: FSWatcher } | undefined
  let isStopped = false
  const close = (watcher: FSWatcher | undefined): void => void watcher?.close().catch(() => undefined)

  return {
    async set(files) {
      const points = await findWatchPoints(files)
      if (isStopped || (current !== undefined && isSamePoints(points, current.points))) return
      const watcher = start(points, onChange, onFault)
      // The old one goes on until the new one sees.
      const old = current?.watcher
      current = { points, watcher }
      await new Promise<void>((resolve) => watcher.once('ready', resolve))
      close(old)
      if (isStopped) close(watcher)
      else onChange()
    },
    stop() {
      isStopped = true
      close(current?.watcher)
    },
  }
}

function start({ folders, names }: WatchPoints, onChange: () => void, onFault: (detail: string) => void): FSWatcher {
  const watcher = watch([...folders], {
    ignoreInitial: true,
    // Its own grouping of events waits 100 ms; who is told here waits as long as is good.
    atomic: false,
    depth: 0,
    followSymlinks: false,
    ignored: (path) => !names.has(path) && !folders.has(path),
  })
  watcher.on('all', onChange)
  // A folder that takes a file's place at once is no event of its own (chokidar 6.0.0).
  watcher.on('raw', (_event, name, details: unknown) => {
    if (name !== null && names.has(join(folderOf(details), name))) onChange()
  })
  watcher.on('error', (error) => onFault(`watching files: ${error instanceof Error ? error.message : String(error)}`))
  return watcher
}

const folderOf = (details: unknown): string =>
  typeof details === 'object' && details !== null && 'watchedPath' in details ? String(details.watchedPath) : ''
