/**
 * File descriptors: each client connection takes one, and one more when it reaches a backend. Bun raises the soft limit
 * to the hard one when it starts, so what is read here is all there is.
 */
import { readFileSync } from 'node:fs'

/** Below this even a small edge runs dry: a browser opens six connections, and each may need a backend. */
const minimum = 1024
/** Log, listeners, admin API, plugins, watched files. */
const reserve = 64

/** undefined where the system does not say (no /proc) or has no limit. */
export function readDescriptorLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync(path, 'latin1'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}

/** One line that says what is too low and what to do; undefined when all is well. `maxConnections` as configured. */
export function descriptorWarning(limit: number | undefined, maxConnections: number | undefined): string | undefined {
  if (limit === undefined) return undefined
  const wanted = Math.max(minimum, maxConnections === undefined ? 0 : 2 * maxConnections + reserve)
  if (limit >= wanted) return undefined
  const reason = maxConnections === undefined ? '' : ` for limits.connections ${maxConnections}`
  return `the limit of ${limit} open files is too low${reason}; raise it to at least ${wanted}: ulimit -n ${wanted}`
}
