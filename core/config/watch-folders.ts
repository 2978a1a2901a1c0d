/**
 * A watch on each of some folders, by path and identity, with chokidar. Bun 1.4.5 has one inotify watch a path, and goes on
 * with that of the folder which had the path first: so each folder has a watcher of its own, and the old one ends before
 * the new one begins.
 */
import { join } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

export interface FolderWatch {
  /**
   * These from now on: absolute paths, with what tells a folder from another there. Resolves when each is watched, or
   * cannot be.
   */
  set(folders: ReadonlyMap<string, string>): Promise<void>
  stop(): void
}

export interface FolderWatchOptions {
  /**
   * Something of that path has changed; for a folder of `set`: it has come under watch, or it may be another one, and is
   * no longer watched.
   */
  readonly onEvent: (path: string) => void
  /** A folder cannot be watched; told again each time that it is asked for. */
  readonly onFault: (folder: string, error: unknown) => void
}

interface Watched {
  readonly identity: string
  readonly watcher: FSWatcher
  readonly settled: Promise<void>
  readonly settle: () => void
}

export function watchFolders({ onEvent, onFault }: FolderWatchOptions): FolderWatch {
  const watched = new Map<string, Watched>()

  function forget(folder: string): void {
    const former = watched.get(folder)
    watched.delete(folder)
    former?.settle()
    void former?.watcher.close()
  }

  function onName(folder: string, name: string | null): void {
    const path = name === null ? folder : join(folder, name)
    // It may be another, and look the same: an inode's number is soon given to the next.
    if (watched.has(path)) forget(path)
    onEvent(path)
  }

  function open(folder: string, identity: string): void {
    // The folder alone: what is in it would be looked at one by one, and its names come as they are with 'raw'.
    const watcher = watch(folder, { ignoreInitial: true, depth: 0, ignored: (path) => path !== folder })
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
    const isCurrent = (): boolean => watched.get(folder)?.watcher === watcher
    watched.set(folder, { identity, watcher, settled, settle })
    watcher.on('raw', (_event, name) => {
      if (isCurrent()) onName(folder, name)
    })
    watcher.on('error', (error) => {
      if (!isCurrent()) return
      forget(folder)
      onFault(folder, error)
    })
    watcher.on('ready', () => {
      if (!isCurrent()) return
      settle()
      // What happened before it came under watch is seen by looking.
      onEvent(folder)
    })
  }

  return {
    async set(folders) {
      for (const [folder, { identity }] of watched) if (folders.get(folder) !== identity) forget(folder)
      for (const [folder, identity] of folders) if (!watched.has(folder)) open(folder, identity)
      await Promise.all([...watched.values()].map(({ settled }) => settled))
    },
    stop() {
      for (const folder of watched.keys()) forget(folder)
    },
  }
}
