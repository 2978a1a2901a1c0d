/** What an edit starts from: the files as they are now on disk, when they are fit to be edited. Pure. */
import { createHash } from 'node:crypto'
import type { PoolConfig } from '../config/config.ts'
import type { Place } from '../config/discover.ts'
import { findHome, type Home } from '../config/edit/pool-edit.ts'
import type { Loaded } from '../config/load.ts'
import type { Problem } from '../config/problems.ts'
import { displayName } from '../config/read/reading.ts'
import { fingerprint } from '../secrets.ts'
import type { ConfigFiles, EditResult, GivenText, PoolEdit } from './contract.ts'
import type { FilesRead } from './read-files.ts'

/** Why an edit was not made. */
export type Refusal = Exclude<EditResult, { kind: 'done' }>

export type EditBase =
  | { readonly kind: 'base'; readonly home: Home; readonly text: string; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const refused = (refusal: Refusal): EditBase => ({ kind: 'refused', refusal })

export function findBase({ place, cwd, env, given }: ConfigFiles, read: FilesRead, edit: PoolEdit): EditBase {
  const { loaded } = read
  const problems = loaded.kind === 'problems' ? loaded.problems : []
  const conflict = (detail: string, found = problems): EditBase =>
    refused({ kind: 'conflict', detail, problems: found })
  if (loaded.kind === 'problems' && loaded.rest === undefined)
    return conflict('The configuration as it is now on disk has problems; mend them first.')
  const pool = soundPool(loaded, edit.pool)
  const isFaulty = loaded.kind === 'problems' && loaded.rest?.faultyPools.includes(edit.pool)
  if (pool === undefined && !isFaulty) return refused({ kind: 'unknown', detail: `There is no pool ${edit.pool}.` })

  const what = edit.kind === 'strategy' ? 'pool' : 'members'
  const home = findHome(read.text(place.path) ?? '', place, { pool: edit.pool, what }, env)
  const text = home && read.text(home.file)
  if (home === undefined || text === undefined) return conflict(noHome(edit.pool, what))
  if (given !== undefined && home.file === place.path) return conflict(noFile(given, place))
  const file = displayName(home.file, cwd)
  const inFile = problems.filter((problem) => problem.file === file)
  if (pool === undefined || inFile.length > 0)
    return conflict(`${file} as it is now on disk has problems; mend them first.`, inFile)
  const etag = etagOf(pool)
  if (edit.ifMatch !== undefined && edit.ifMatch !== etag) return refused({ kind: 'stale', etag })
  return { kind: 'base', home, text, problems }
}

const noFile = ({ from }: GivenText, { name = '' }: Place): string =>
  from === 'pipe'
    ? 'The configuration was read from a pipe, so that there is no file to change.'
    : `The configuration comes from ${name}, which all its nodes follow: change it there, with smartedge config show and push.`

const noHome = (pool: string, what: 'pool' | 'members'): string =>
  what === 'pool'
    ? `The pool ${pool} has no place for this in its file.`
    : `The pool ${pool} has no "backends" in its file, where members of our own stand; put "backends": [] there.`

/** A pool of what was read, unless there is a problem in it. */
export function soundPool(loaded: Loaded, name: string): PoolConfig | undefined {
  const config = loaded.kind === 'config' ? loaded.config : loaded.rest?.config
  const isFaulty = loaded.kind === 'problems' && loaded.rest?.faultyPools.includes(name)
  return isFaulty ? undefined : config?.pools.find((pool) => pool.name === name)
}

/** The same for the same members and strategy. */
export const etagOf = ({ members, strategy }: PoolConfig): string =>
  createHash('sha256')
    .update(fingerprint([members, strategy]))
    .digest('hex')
    .slice(0, 16)
