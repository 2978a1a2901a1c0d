/**
 * File descriptors: each client connection takes one, and one more when it reaches a backend. Bun raises the soft limit
 * to the hard one when it starts, so what is read here is all there is.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'

/** Below this even a small edge runs dry: a browser opens six connections, and each may need a backend. */
const MINIMUM = 1024
/** Log, listeners, admin API, plugins, watched files. */
const RESERVE = 64
/** Where the system does not tell. */
const ASSUMED_LIMIT = 4096

/** The limit of open files; undefined where the system does not say (no /proc) or has no limit. */
export function readDescriptorLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}

/** How many can still be opened; undefined where the system does not say. `folder` lists those that are open. */
export function freeDescriptors(limit = readDescriptorLimit(), folder = '/proc/self/fd'): number | undefined {
  if (limit === undefined) return undefined
  try {
    // Since Linux 6.2 its size is their number: 3 µs whatever that is, where reading 5,000 entries takes 7 ms.
    return Math.max(0, limit - (statSync(folder).size || readdirSync(folder).length))
  } catch (error) {
    // There is not even one to look with.
    return error instanceof Error && 'code' in error && error.code === 'EMFILE' ? 0 : undefined
  }
}

/**
 * Client connections to allow when the config names no number. At the limit itself Bun 1.4.5 spins in accept and takes
 * its own lack of descriptors for refusals by backends, so we stay under it.
 */
export function defaultMaxConnections(limit: number | undefined): number {
  return Math.max(16, Math.floor(((limit ?? ASSUMED_LIMIT) - RESERVE) / 2))
}

/** One line that says what is too low and what to do; undefined when all is well. `maxConnections` as configured. */
export function descriptorWarning(limit: number | undefined, maxConnections: number | undefined): string | undefined {
  if (limit === undefined) return undefined
  const wanted = Math.max(MINIMUM, maxConnections === undefined ? 0 : 2 * maxConnections + RESERVE)
  if (limit >= wanted) return undefined
  const reason = maxConnections === undefined ? '' : ` for limits.connections ${maxConnections}`
  return `the limit of ${limit} open files is too low${reason}; raise it to at least ${wanted}: ulimit -n ${wanted}`
}
