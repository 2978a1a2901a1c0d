/** Notes of a pick, as a test reads them. */
import type { Candidate, PickNotes } from '../../core/strategy/strategy.ts'

export interface Noted extends PickNotes {
  readonly drawn: Candidate[]
  /** Of those that are not passed over. */
  readonly scores: Map<Candidate, number>
  readonly passedOver: Map<Candidate, string>
  why: string
}

export function noting(): Noted {
  const noted: Noted = {
    drawn: [],
    scores: new Map(),
    passedOver: new Map(),
    why: '',
    drew: (candidate) => void noted.drawn.push(candidate),
    score(candidate, score) {
      noted.scores.set(candidate, score)
      noted.passedOver.delete(candidate)
    },
    passOver(candidate, why) {
      noted.scores.delete(candidate)
      noted.passedOver.set(candidate, why)
    },
    because: (why) => void (noted.why = why),
  }
  return noted
}
