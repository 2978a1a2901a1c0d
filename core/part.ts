/**
 * What every part of an edge does with another config: it gets ready beside what runs, trying whatever may fail, and then
 * all parts commit or all abandon. Nothing here knows which parts there are; several together are a part again.
 */

/** A part that follows the config. `C`: what it reads of it. */
export interface Part<C> {
  /** Rejects with `Refusal`, and nothing has changed then. One at a time: the move before has been committed or abandoned. */
  prepare(config: C): Promise<Move>
}

/** What a part has made ready. Exactly one of `commit` and `abandon` is to be called, once; neither may throw. */
export interface Move {
  /** Whether it changes anything: it brings another config, or what the config does not show, another version of a file. */
  readonly isNews: boolean
  /** What of that the config does not show, in words: `geo.database read anew`. */
  readonly news?: readonly string[]
  /** What cannot be used as it is now; its last good version goes on. None: everything could. */
  readonly kept?: readonly ApplyProblem[]
  commit(): void
  /** Everything is as if it had never been prepared. */
  abandon(): void
}

/** What only trying shows: a port in use, a plugin that fails. */
export interface ApplyProblem {
  /** Of the config: `listeners.web`, `pools.api.strategy`; empty: of no key. */
  readonly key: string
  readonly message: string
  /** This machine is in the way, now: the same config may run elsewhere, or later. */
  readonly isLocal?: true
}

/** The config cannot be put in force. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problems: readonly ApplyProblem[]

  constructor(problems: readonly ApplyProblem[], options?: ErrorOptions) {
    super(problems.map(({ key, message }) => (key === '' ? message : `${key}: ${message}`)).join('\n'), options)
    this.problems = problems
  }
}

/** One of several things to get ready; `key`: what the config calls it, for an error that names none. */
export interface Step {
  readonly key: string
  readonly prepare: () => Promise<Move>
}

/** For what has nothing to do. */
export const NO_MOVE: Move = { isNews: false, commit: () => undefined, abandon: () => undefined }

/** All of `steps`, one after the other, also behind one that fails: a Refusal tells every problem at once. */
export async function prepareAll(steps: readonly Step[]): Promise<Move> {
  const moves: Move[] = []
  const problems: ApplyProblem[] = []
  for (const { key, prepare } of steps) {
    try {
      moves.push(await prepare())
    } catch (error) {
      problems.push(...asRefusal(error, key).problems)
    }
  }
  if (problems.length === 0) return together(moves)
  together(moves).abandon()
  throw new Refusal(problems)
}

/** `parts` in their order; once one has refused, those behind it are not asked. */
export async function prepareInOrder<C>(parts: readonly Part<C>[], config: C): Promise<Move> {
  const moves: Move[] = []
  try {
    for (const part of parts) moves.push(await part.prepare(config))
  } catch (error) {
    together(moves).abandon()
    throw asRefusal(error, '')
  }
  return together(moves)
}

/** Committed in this order, abandoned the other way round. */
export function together(moves: readonly Move[]): Move {
  const kept = moves.flatMap((move) => move.kept ?? [])
  const news = [...new Set(moves.flatMap((move) => move.news ?? []))]
  return {
    isNews: moves.some((move) => move.isNews),
    ...(news.length > 0 && { news }),
    ...(kept.length > 0 && { kept }),
    commit() {
      for (const move of moves) move.commit()
    },
    abandon() {
      for (const move of moves.toReversed()) move.abandon()
    },
  }
}

/** `key`: what of the config it is about, unless the error itself says so. */
export function asRefusal(error: unknown, key: string): Refusal {
  if (error instanceof Refusal) return error
  const message = error instanceof Error ? error.message : String(error)
  const isLocal = error instanceof Error && 'isLocal' in error && error.isLocal === true
  return new Refusal([{ key, message, ...(isLocal && { isLocal }) }], { cause: error })
}
