/** What the controller asks of a running edge: implemented by `runtime/control.ts`, faked in tests. */
import type { Config } from '../config/config.ts'
import { type ApplyProblem, type Part, Refusal } from '../part.ts'

/** `prepare` builds off to the side; its move publishes one snapshot, and is no news when nothing would change. */
export interface EdgeControl extends Part<Config> {
  /** In force. */
  readonly config: Config
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

/** Puts `config` in force, or nothing of it. Rejects only for what is a bug. */
export async function apply(edge: Part<Config>, config: Config): Promise<Applied> {
  try {
    const move = await edge.prepare(config)
    const kept = move.kept === undefined ? {} : { kept: move.kept }
    if (!move.isNews) {
      move.abandon()
      return { kind: 'unchanged', ...kept }
    }
    move.commit()
    return { kind: 'applied', ...kept }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problems: error.problems }
    throw error
  }
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
