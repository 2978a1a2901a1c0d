/** Where the configuration may stand, in order of preference. Pure. */
import { join, resolve } from 'node:path'
import { sourceOf } from '../fleet/address.ts'
import type { Env } from './read/expand.ts'

export interface Place {
  /** Absolute. */
  readonly path: string
  /** `config`: a config file. `members`: a lone members file, whose one pool is called `default`. */
  readonly kind: 'config' | 'members'
  /** What people are told in place of the path, of a config that stands in no file. */
  readonly name?: string
}

const configNames = ['smartedge.config.json', 'smartedge.config.jsonc']

export type Search =
  /** The one file asked for, by flag or variable, which must exist. */
  | { readonly kind: 'explicit'; readonly place: Place }
  /** The source of a fleet, as it was named. */
  | { readonly kind: 'source'; readonly text: string }
  /** The first that exists counts. */
  | { readonly kind: 'places'; readonly places: readonly Place[] }

/** `path` is what `--config` says. Relative paths start at `cwd`. */
export function searchFor({ path, cwd, env }: { path: string | undefined; cwd: string; env: Env }): Search {
  const source = sourceOf(path, env)
  if (source !== undefined) return { kind: 'source', text: source }
  const explicit = path ?? (env['SMARTEDGE_CONFIG'] || undefined)
  if (explicit !== undefined) return { kind: 'explicit', place: { path: resolve(cwd, explicit), kind: 'config' } }
  const userFolder = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'))
  const folders = [cwd, ...(userFolder ? [resolve(cwd, userFolder, 'smartedge')] : []), '/etc/smartedge']
  const configs = folders.flatMap((folder) =>
    configNames.map((name): Place => ({ path: join(folder, name), kind: 'config' })),
  )
  return { kind: 'places', places: [...configs, { path: join(cwd, 'backends.json'), kind: 'members' }] }
}
