/**
 * A watch on each of some folders, by path and identity. Bun 1.4.5 has one inotify watch a path, and goes on with that of
 * the folder which had the path first: so the old watch ends before the new one begins.
 */
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

export interface FolderWatch {
  /** These from now on: absolute paths, with what tells a folder from another there. Whether one was not watched before. */
  set(folders: ReadonlyMap<string, string>): boolean
  stop(): void
}

export interface FolderWatchOptions {
  /** Something of that path has changed; for a folder of `set`: it may be another one, and is no longer watched. */
  readonly onEvent: (path: string) => void
  /** A folder cannot be watched; told again each time that it is asked for. */
  readonly onFault: (folder: string, error: unknown) => void
}

export function watchFolders({ onEvent, onFault }: FolderWatchOptions): FolderWatch {
  const watched = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>()

  function forget(folder: string): void {
    watched.get(folder)?.watcher.close()
    watched.delete(folder)
  }

  function onName(folder: string, name: string | null): void {
    const path = name === null ? folder : join(folder, name)
    // It may be another, and look the same: an inode's number is soon given to the next.
    if (watched.has(path)) forget(path)
    onEvent(path)
  }

  function open(folder: string, identity: string): boolean {
    try {
      const watcher = watch(folder, (_event, name) => onName(folder, name))
      watcher.on('error', (error) => onFault(folder, error))
      watched.set(folder, { identity, watcher })
      return true
    } catch (error) {
      onFault(folder, error)
      return false
    }
  }

  return {
    set(folders) {
      for (const [folder, { identity }] of watched) if (folders.get(folder) !== identity) forget(folder)
      const opened = [...folders].filter(([folder, identity]) => !watched.has(folder) && open(folder, identity))
      return opened.length > 0
    },
    stop() {
      for (const folder of watched.keys()) forget(folder)
    },
  }
}
