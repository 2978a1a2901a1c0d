/** Which weights give new members their share of a pool's requests. Pure. */
import type { Member } from '../backend/member.ts'

/**
 * The new members as guests of the pool: together they weigh `share` (0..1) of all, among themselves as they will.
 * `oldWeight`: of those that take requests besides; 0: there is nobody else, and the weights stay.
 */
export function weighed(members: readonly Member[], share: number, oldWeight: number): readonly Member[] {
  const own = members.reduce((total, { weight }) => total + weight, 0)
  const factor = oldWeight === 0 || own === 0 ? 1 : (oldWeight * share) / ((1 - share) * own)
  return members.map((member) => ({ ...member, weight: member.weight * factor }))
}

/** In the pool and checked, without a request. */
export const waitingOf = (members: readonly Member[]): readonly Member[] =>
  members.map((member) => ({ ...member, isDraining: true }))
