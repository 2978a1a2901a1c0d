/** What the controller asks of a running edge: implemented by `core/edge.ts`, faked in tests. */
import type { Config } from '../config/config.ts'

export interface EdgeControl {
  /** In force. */
  readonly config: Config
  /** Builds off to the side first, then publishes one snapshot; on failure nothing changed. Never rejects. */
  apply(config: Config): Promise<Applied>
  /**
   * The strategy files of every pool and what they import, absolute, those that failed to load included: saving one is
   * a reason to `apply` the config that is in force. Live; the list changes with each `apply`.
   */
  files(): readonly string[]
  /** What is open at this instant, for the plan. */
  load(): EdgeLoad
  /** A health check now; false: no such backend, or one without checks. */
  recheck(pool: string, backend: string): boolean
}

export type Applied =
  /** `kept`: pools whose strategy file cannot be used as it is now, and which go on with its last good version. */
  | { readonly kind: 'applied'; readonly kept?: readonly ApplyProblem[] }
  /** The config is the one in force, and so are the strategy files. */
  | { readonly kind: 'unchanged'; readonly kept?: readonly ApplyProblem[] }
  | { readonly kind: 'refused'; readonly problems: readonly ApplyProblem[] }

/** What only trying shows: a port in use, a plugin that fails. */
export interface ApplyProblem {
  /** Of the config: `listeners.web.address`, `pools.api.strategy`. */
  readonly key: string
  readonly message: string
}

export interface EdgeLoad {
  /** By listener name. */
  readonly listeners: ReadonlyMap<string, Load>
  /** By pool name, then backend id. */
  readonly pools: ReadonlyMap<string, ReadonlyMap<string, Load>>
}

export interface Load {
  /** Client connections open, tunnels included. */
  readonly connections: number
  /** Upgraded ones among them. */
  readonly tunnels: number
}
