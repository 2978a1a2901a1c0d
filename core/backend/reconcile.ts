/** A pool's old backends + its new members -> its new backends: the same object for the same id, state and all. */
import type { Backend } from './backend.ts'
import type { Member } from './member.ts'

export interface Reconciled {
  /** One per member, in the members' order. */
  readonly backends: readonly Backend[]
  /** No longer configured; the caller lets their attempts end. */
  readonly removed: readonly Backend[]
}

/**
 * Pure but for the kept ones, which are brought up to date in place. Throws on two members of one id, which the config
 * has refused already.
 */
export function reconcile(
  old: readonly Backend[],
  members: readonly Member[],
  create: (member: Member) => Backend,
  now: number,
): Reconciled {
  // Before the first change, so that a throw leaves the running pool as it was.
  refuseDuplicates(members)
  const gone = new Map(old.map((backend) => [backend.id, backend]))
  const backends = members.map((member) => {
    const known = gone.get(member.id)
    gone.delete(member.id)
    known?.configure(member, now)
    return known ?? create(member)
  })
  return { backends, removed: [...gone.values()] }
}

function refuseDuplicates(members: readonly Member[]): void {
  const ids = new Set<string>()
  for (const { id } of members) {
    if (ids.has(id)) throw new Error(`two members of one pool have the id ${id}`)
    ids.add(id)
  }
}
