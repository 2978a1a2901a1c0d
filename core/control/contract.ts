/** What the control side offers to the admin API and to signals, and what it is told at the start. */
import type { PoolConfig } from '../config/config.ts'
import type { Place } from '../config/discover.ts'
import type { FileEdit } from '../config/edit/pool-edit.ts'
import type { Problem } from '../config/problems.ts'
import type { Env } from '../config/read/expand.ts'
import type { ApplyProblem } from '../part.ts'
import type { Generation, GenerationRecord, ReloadRecord, ReloadStatus } from '../report/reload-status.ts'

/** How to load again what the edge was started with. */
export interface ConfigFiles {
  /** The file that was found then: a deleted one must not let another, found further on, take over. */
  readonly place: Place
  /** Absolute. */
  readonly cwd: string
  readonly env: Env
  /** What counts in place of what the file at `place` holds; absent: the file does. */
  readonly given?: GivenText | undefined
  /** What was hardly meant in what was loaded; told at the start. */
  readonly warnings?: readonly Problem[] | undefined
  /** Whether saved files are loaded by themselves. */
  readonly isWatched: boolean
}

/** A config that stands in no file. */
export interface GivenText {
  /** `pipe`: as it was read at the start, for ever. `source`: the one in force, which the controller writes as it takes another. */
  readonly from: 'pipe' | 'source'
  text: string
}

export interface Controller {
  /** Loads, checks, isolates and applies; a text of the source that was refused, too. `origin`: who asked, for logs. Never rejects; neither do the others. */
  reload(origin: string): Promise<ReloadResult>
  /** Puts the config in force once more, with what providers add to it now; the files are not looked at. */
  refresh(origin: string): Promise<void>
  /** Puts a text of the source in force in place of the one that is, as a whole or not at all. */
  take(text: string, origin: string): Promise<ReloadResult>
  /** Back to what was in force before the current generation; the files stay as they are. */
  rollback(origin: string): Promise<RollbackResult>
  /** What `rollback` would change and end. */
  planRollback(): Promise<Plan | Nowhere>
  /** What `reload` would change and end; with `text` as the config file's content, else the files as they are now. */
  plan(text?: string): Promise<Plan>
  /** Changes the file that holds what is edited, and applies it. */
  edit(edit: PoolEdit, origin: string): Promise<EditResult>
  /**
   * Puts the config in force once more: something beside it has changed that parts go by. Resolves to why not; empty: it is
   * in force.
   */
  reapply(): Promise<readonly ApplyProblem[]>
  /** What that would come to; nothing is changed. */
  draft(edit: PoolEdit): Promise<Drafted>
  /** A health check of one backend, now. */
  recheck(pool: string, backend: string): Recheck
  /** Of a pool in force, for If-Match; undefined: there is none of that name. */
  etag(pool: string): string | undefined
  state(): ReloadStatus
  /** What was in force, and what reloads came to; the newest 50 of each, newest first. */
  generations(): readonly GenerationRecord[]
  reloads(): readonly ReloadRecord[]
  /** Ends watching; what is under way is finished. */
  stop(): void
}

export type ReloadResult =
  /** `problems`: of what is in `kept`, which stays on its last good version. */
  | ({ readonly kind: 'applied'; readonly generation: Generation } & Partly)
  | ({ readonly kind: 'unchanged'; readonly generation: Generation } & Partly)
  | ({ readonly kind: 'refused' } & Problems)

export type RollbackResult = ReloadResult | Nowhere

/** Nothing was in force before. */
export interface Nowhere {
  readonly kind: 'nowhere'
  readonly detail: string
}

export interface Problems {
  readonly problems: readonly Problem[]
  /** How many more there are. */
  readonly omitted: number
}

export interface Partly extends Problems {
  /** Pools by name, anything else by its key. */
  readonly kept: readonly string[]
}

/** One thing that differs, and what making it so ends, at once or after `drainTimeout`. */
export interface Change {
  readonly kind: 'backend-added' | 'backend-removed' | 'other'
  /** `listeners.web`, `routes`, `pools.web`, `limits`. */
  readonly key: string
  /** `backend b:80 added`, `weight of b:80 1 -> 2`. */
  readonly text: string
  /** Which one was added or removed. */
  readonly backend?: string
  readonly connections: number
  readonly tunnels: number
}

export type Plan =
  | ({ readonly kind: 'plan'; readonly changes: readonly Change[]; readonly summary: string } & Partly)
  | ({ readonly kind: 'refused' } & Problems)

export type PoolEdit = FileEdit & {
  readonly pool: string
  /** Refused unless it is the pool's etag. */
  readonly ifMatch?: string
}

export type Drafted =
  /** `pool`: as it would be. `members`: those in the file now, as they stand there, by id. */
  | { readonly kind: 'draft'; readonly pool: PoolConfig; readonly members: ReadonlyMap<string, string> }
  | Exclude<EditResult, { kind: 'done' }>

export type EditResult =
  /** `file`: where it was written. */
  | { readonly kind: 'done'; readonly etag: string; readonly file: string; readonly generation: Generation }
  /** No such pool or backend. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** What is to be added is there. */
  | { readonly kind: 'duplicate'; readonly detail: string }
  /** What the file would then hold is not allowed. `file`: it, as problems name it; their places in it are in that text. */
  | { readonly kind: 'invalid'; readonly file: string; readonly problems: readonly Problem[] }
  /** The file as it is now cannot be edited: somebody else's change in it has problems. */
  | { readonly kind: 'conflict'; readonly detail: string; readonly problems: readonly Problem[] }
  | { readonly kind: 'stale'; readonly etag: string }
  /** The file could not be written; nothing changed. */
  | { readonly kind: 'fault'; readonly detail: string }

export type Recheck = 'started' | 'unknown' | 'no-checks'
