/** What the controller asks of a running edge: implemented by `runtime/control.ts`, faked in tests. */
import type { Config } from '../config/config.ts'
import type { Recheck } from './contract.ts'
import { type ApplyProblem, type Move, type Part, Refusal } from '../part.ts'

/** `prepare` builds off to the side; its move publishes one snapshot, and is no news when nothing would change. */
export interface EdgeControl extends Part<Config> {
  /** In force. */
  readonly config: Config
  /** What `prepare` makes of a config: with what providers add to it now. */
  whole(config: Config): Config
  /**
   * The strategy files of every pool and what they import, absolute, those that failed to load included: saving one is
   * a reason to `apply` the config that is in force. Live; the list changes with each `apply`.
   */
  files(): readonly string[]
  /** What is open at this instant, for the plan. */
  load(): EdgeLoad
  /** A health check now. */
  recheck(pool: string, backend: string): Recheck
}

export type Applied =
  /** `kept`: strategy files and databases that cannot be used as they are now; their last good versions go on. */
  | { readonly kind: 'applied'; readonly kept?: readonly ApplyProblem[] }
  /** The config is the one in force, and so are the files that it names. */
  | { readonly kind: 'unchanged'; readonly kept?: readonly ApplyProblem[] }
  | { readonly kind: 'refused'; readonly problems: readonly ApplyProblem[] }

/** Gets ready for `config`, or says why not. Rejects only for what is a bug. */
export async function tryOut(
  edge: Part<Config>,
  config: Config,
): Promise<{ readonly kind: 'move'; readonly move: Move } | (Applied & { readonly kind: 'refused' })> {
  try {
    return { kind: 'move', move: await edge.prepare(config) }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problems: error.problems }
    throw error
  }
}

/** Puts `config` in force, or nothing of it. Rejects only for what is a bug. */
export async function apply(edge: Part<Config>, config: Config): Promise<Applied> {
  const tried = await tryOut(edge, config)
  if (tried.kind === 'refused') return tried
  const { move } = tried
  if (move.isNews) move.commit()
  else move.abandon()
  return { kind: move.isNews ? 'applied' : 'unchanged', ...(move.kept && { kept: move.kept }) }
}

export interface EdgeLoad {
  /** By where the config has it listen, `0.0.0.0:80`. */
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
