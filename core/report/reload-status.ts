/** What is in force since when and why, as `/api/status` tells it: plain JSON, times as ISO 8601. A public format. */
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
