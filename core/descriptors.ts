/**
 * File descriptors, as the system tells of them: each client connection takes one, and one more when it reaches a backend.
 * Bun raises the soft limit to the hard one when it starts, so what is read here is all there is.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'

/** Below this even a small edge runs dry: a browser opens six connections, and each may need a backend. */
const MINIMUM = 1024
/** Log, listeners, admin API, plugins, watched files, and what `net/budget.ts` leaves free. */
const RESERVE = 192

/** The limit of open files; undefined where the system does not say (no /proc) or has no limit. */
export function readDescriptorLimit(path = limitsFile): number | undefined {
  try {
    return limitIn(path)
  } catch {
    return undefined
  }
}

const limitsFile = '/proc/self/limits'

function limitIn(path: string): number | undefined {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]
  return limit === undefined ? undefined : Number(limit)
}

/** How many can still be opened; undefined where the system does not say. `folder` lists those that are open. */
export function freeDescriptors(limit?: number, folder = '/proc/self/fd'): number | undefined {
  try {
    const most = limit ?? limitIn(limitsFile)
    if (most === undefined) return undefined
    // Since Linux 6.2 its size is their number: 3 µs whatever that is, where reading 5,000 entries takes 7 ms.
    return Math.max(0, most - (statSync(folder).size || readdirSync(folder).length))
  } catch (error) {
    // There is not even one to look with.
    return error instanceof Error && 'code' in error && error.code === 'EMFILE' ? 0 : undefined
  }
}

/** How many are open; undefined where the system does not say. However many they are, nobody waits for it but who asks. */
export async function openDescriptors(folder = '/proc/self/fd'): Promise<number | undefined> {
  try {
    return (await stat(folder)).size || (await readdir(folder)).length
  } catch {
    return undefined
  }
}

/** What is too low, and what to do about it. */
export interface DescriptorWarning {
  readonly limit: number
  /** High enough. */
  readonly wanted: number
  readonly detail: string
}

/** undefined when all is well. `maxConnections` as configured. */
export function descriptorWarning(
  limit: number | undefined,
  maxConnections: number | undefined,
): DescriptorWarning | undefined {
  if (limit === undefined) return undefined
  const wanted = Math.max(MINIMUM, maxConnections === undefined ? 0 : 2 * maxConnections + RESERVE)
  if (limit >= wanted) return undefined
  const reason = maxConnections === undefined ? '' : ` for limits.connections ${maxConnections}`
  const detail = `the limit of ${limit} open files is too low${reason}; raise it to at least ${wanted}: ulimit -n ${wanted}`
  return { limit, wanted, detail }
}
