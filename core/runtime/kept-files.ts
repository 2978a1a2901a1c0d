/**
 * Files that a config names and that are read while it is being prepared: again when one shows a change, whatever the config
 * says; what has gone bad leaves what it held before in force.
 */
import { stampOf } from '../file-stamp.ts'
import { type ApplyProblem, type Move, NO_MOVE, Refusal } from '../part.ts'

/** Some files that make one thing. */
export interface Sought<Content> {
  /** Of the config. */
  readonly key: string
  /** The same for the same files, read in the same way. */
  readonly id: string
  readonly paths: readonly string[]
  readonly read: () => ReadResult<Content>
}

export type ReadResult<Content> =
  { readonly kind: 'content'; readonly content: Content } | { readonly kind: 'fault'; readonly problem: ApplyProblem }

/** As they were when they were last good. */
interface Held<Content> {
  /** Of before they were read. */
  readonly stamp: string
  readonly content: Content
  /** They have become something that cannot be used, and are not read again as long as they stay that. */
  readonly bad?: { readonly stamp: string; readonly problem: ApplyProblem }
}

/** By id; filled while a config is being prepared, in force once it is taken. */
export type Draft<Content> = Map<string, Held<Content>>

export class KeptFiles<Content> {
  private inForce: Draft<Content> = new Map()

  /** Throws Refusal over files that nobody has had before. */
  look({ key, id, paths, read }: Sought<Content>, draft: Draft<Content>): Move {
    const held = draft.get(id) ?? this.inForce.get(id)
    const stamp = paths.map((path) => stampOf(path).text).join(' ')
    if (held !== undefined && (held.bad?.stamp ?? held.stamp) === stamp) {
      draft.set(id, held)
      return held.bad === undefined ? NO_MOVE : keeping(held.bad.problem)
    }
    const result = read()
    if (result.kind === 'content') {
      draft.set(id, { stamp, content: result.content })
      return held === undefined ? NO_MOVE : { ...NO_MOVE, isNews: true, news: [`${key} read anew`] }
    }
    const { problem } = result
    if (held === undefined) throw new Refusal([problem])
    const bad = { ...held, bad: { stamp, problem } }
    draft.set(id, bad)
    // Also when nothing else is news: what is known of it must not be found out again.
    this.inForce.set(id, bad)
    return keeping(problem)
  }

  take(draft: Draft<Content>): void {
    this.inForce = draft
  }
}

const keeping = (problem: ApplyProblem): Move => ({ ...NO_MOVE, kept: [problem] })
