/** What files held when they were last read: each is read again only when its stamp says that it may hold something else. */
import type { Clock } from '../clock.ts'
import { readRegularFile } from '../config/files.ts'
import { isSettled, stampOf } from '../file-stamp.ts'

export interface FileContent {
  readonly bytes: Uint8Array
  /** The same for the same bytes. */
  readonly hash: string
}

export interface FileMemory {
  /** Throws as `readRegularFile` does; what could not be read is not remembered. */
  read(path: string): FileContent
  /** Forgets all files but these. */
  keep(paths: Iterable<string>): void
}

interface Entry {
  readonly content: FileContent
  /** Of before it was read; undefined: too young to tell of a change. */
  readonly stamp: string | undefined
}

export const contentOf = (bytes: Uint8Array): FileContent => ({ bytes, hash: String(Bun.hash(bytes)) })

export function createFileMemory(clock: Pick<Clock, 'wallTime'>): FileMemory {
  let entries = new Map<string, Entry>()
  return {
    read(path) {
      const stamp = stampOf(path)
      const known = entries.get(path)
      if (known?.stamp === stamp.text) return known.content
      entries.delete(path)
      // Whoever writes to it from here on gives it another stamp.
      const content = contentOf(readRegularFile(path))
      entries.set(path, { content, stamp: isSettled(stamp, clock.wallTime()) ? stamp.text : undefined })
      return content
    },
    keep(paths) {
      const kept = new Set(paths)
      entries = new Map([...entries].filter(([path]) => kept.has(path)))
    },
  }
}
