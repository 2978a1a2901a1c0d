/** What is in force since when and why, and what was before, as the admin API tells it: plain JSON, times as ISO 8601. A public format. */
import type { ReloadCounters } from '../observe/counters.ts'

/** One published snapshot. */
export interface Generation {
  /** From 1, which is the start's. */
  readonly number: number
  readonly at: string
  /** What brought it about: `start`, `watch`, `SIGHUP`, `api from 127.0.0.1`. */
  readonly origin: string
  /** In words: `pools.web: +c:80, weight of b:80 1 -> 2`. */
  readonly summary: string
}

export interface LastReload {
  readonly at: string
  /** Whether everything that was asked for is in force. */
  readonly ok: boolean
  readonly origin: string
  /** `file:line:column: …`, one line each. */
  readonly problems: readonly string[]
}

export interface ReloadStatus {
  readonly generation: Generation
  /** null: nothing was reloaded yet. */
  readonly lastReload: LastReload | null
  /** Reloads since the start, by how they went. */
  readonly reloads: Readonly<ReloadCounters>
}

/** One that was in force, and what it changed. */
export interface GenerationRecord extends Generation {
  /** From the one before; `key` as in the config file: `pools.web`, empty for what the config does not show. No secrets. */
  readonly changes: readonly { readonly key: string; readonly text: string }[]
  /** How many more there were. */
  readonly omitted: number
}

/** What one reload came to. */
export interface ReloadRecord extends LastReload {
  /** 'partial': in force but for `kept`. */
  readonly result: keyof ReloadCounters
  /** The number of what was in force behind it. */
  readonly generation: number
  /** What stayed as it was: pools by name, anything else by its key. */
  readonly kept: readonly string[]
  /** How many more problems there were. */
  readonly omitted: number
}
