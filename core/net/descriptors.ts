/** How many client connections the process can hold: each takes a descriptor, and one more when it reaches a backend. */
import { readFileSync } from 'node:fs'

/** Log, listeners, admin API, plugins, watched files. */
const RESERVE = 64
/** Where the system does not tell (no /proc). */
const ASSUMED_LIMIT = 4096

/**
 * Client connections to allow when the config names no number. At the limit itself Bun 1.4.5 spins in accept and takes
 * its own lack of descriptors for refusals by backends, so we stay under it.
 */
export function defaultMaxConnections(limit: number | undefined): number {
  return Math.max(16, Math.floor(((limit ?? ASSUMED_LIMIT) - RESERVE) / 2))
}

/** The soft limit of open files, which Bun has raised to the hard one; undefined where it is unknown or unlimited. */
export function readDescriptorLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
