/** Storage in a folder of ours alone: folders of 0700, files of 0600. What others could have put there is not read. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { type Home, readOwn, writeOwn } from '../own-files.ts'
import { LOCK_MS, type Storage } from './storage.ts'

/** Of a chain and its key, which are the longest. */
const MAX_BYTES = 256 * 1024

export interface FolderOptions {
  /** Absolute; made when something is first written. */
  readonly folder: string
  readonly home: Home
  /** ms since 1970. */
  readonly now: () => number
  /** Other processes of this machine use it, too. */
  readonly isShared: boolean
}

export function folderStorage({ folder, home, now, isShared }: FolderOptions): Storage {
  const at = (key: string): string => join(folder, key)

  const write = (key: string, text: string): Promise<void> => {
    const kept = writeOwn([dirname(at(key))], basename(key), text, home)
    return kept.kind === 'kept' ? Promise.resolve() : Promise.reject(new Error(kept.reason))
  }

  return {
    place: folder,
    isShared,
    end: () => undefined,
    read(key) {
      const found = readOwn(at(key), MAX_BYTES, home)
      if (found.kind === 'refused') return Promise.reject(new Error(`${at(key)}: ${found.reason}`))
      return Promise.resolve(found.kind === 'read' ? found.text : undefined)
    },
    write,
    remove: (key) => tried(() => rmSync(at(key), { force: true })),
    list: (name) => tried(() => filesOf(at(name))),
    async lock(key) {
      const file = at(join('locks', key))
      // Makes the folder, as it makes all others.
      await write(join('locks', '.kept'), '')
      if (ours.has(file) || !take(file, now())) return undefined
      ours.add(file)
      return () =>
        tried(() => {
          ours.delete(file)
          rmSync(file, { force: true })
        })
    },
  }
}

/** Locks that this process has: by its number alone they would be a former one's. */
const ours = new Set<string>()

/** A system call as what resolves or rejects. */
const tried = <T>(act: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(act())
  })

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Whether it is ours now. Whoever holds it has their host, process and hour in it. */
function take(file: string, now: number): boolean {
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, until: now + LOCK_MS })
  if (made(file, mine)) return true
  const held = readFileSync(file, 'utf8')
  if (isHeld(held, now)) return false
  // Who else sees it stale may be here, too: only one of us moves away what was read, and the other puts back what was not.
  const aside = `${file}.${process.pid}`
  renameSync(file, aside)
  if (readFileSync(aside, 'utf8') !== held) {
    renameSync(aside, file)
    return false
  }
  rmSync(aside, { force: true })
  return made(file, mine)
}

function made(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** By a process that lives, where it is one of this machine; a process of the number that we have ourselves is a former one. */
function isHeld(text: string, now: number): boolean {
  try {
    const { host, pid, until }: { host?: unknown; pid?: unknown; until?: unknown } = JSON.parse(text)
    if (typeof until !== 'number' || until <= now || until > now + LOCK_MS) return false
    if (host !== hostname() || typeof pid !== 'number') return true
    return pid !== process.pid && lives(pid)
  } catch {
    // Cut off as it was written: whoever did is gone, or will try again.
    return false
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
