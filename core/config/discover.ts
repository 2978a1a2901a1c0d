/** Where the configuration may stand, in order of preference. Pure. */
import { join, resolve } from 'node:path'
import type { Env } from './read/expand.ts'

export interface Place {
  /** Absolute. */
  readonly path: string
  /** `config`: a config file. `members`: a lone members file, whose one pool is called `default`. */
  readonly kind: 'config' | 'members'
}

const configNames = ['smartedge.config.json', 'smartedge.config.jsonc']

/** `explicit`: the one file asked for, by flag or variable, which must exist; else the first that exists counts. */
export type Search =
  { readonly kind: 'explicit'; readonly place: Place } | { readonly kind: 'places'; readonly places: readonly Place[] }

/** `path` is what `--config` says. Relative paths start at `cwd`. */
export function searchFor({ path, cwd, env }: { path: string | undefined; cwd: string; env: Env }): Search {
  const explicit = path ?? (env['SMARTEDGE_CONFIG'] || undefined)
  if (explicit !== undefined) return { kind: 'explicit', place: { path: resolve(cwd, explicit), kind: 'config' } }
  const userFolder = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'))
  const folders = [cwd, ...(userFolder ? [resolve(cwd, userFolder, 'smartedge')] : []), '/etc/smartedge']
  const configs = folders.flatMap((folder) =>
    configNames.map((name): Place => ({ path: join(folder, name), kind: 'config' })),
  )
  return { kind: 'places', places: [...configs, { path: join(cwd, 'backends.json'), kind: 'members' }] }
}
