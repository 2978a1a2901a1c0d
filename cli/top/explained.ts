/** Explained requests as they are fetched from the edge that is shown: the newest, then what has come since. Pure. */
import type { AdminAnswer } from '../client/admin-client.ts'
import { explanationsPath, readExplanations } from '../client/explanations.ts'
import type { ToldExplanation, ToldExplanations } from '../../core/explain/told.ts'

export interface Explained {
  /** The place of the edge that they are of; undefined: nobody has been asked. */
  readonly edge: number | undefined
  readonly isAsking: boolean
  /** The newest first. */
  readonly list: readonly ToldExplanation[]
  /** undefined: it has not answered yet. */
  readonly sampling: ToldExplanations['sampling'] | undefined
  /** Why it told none when it was asked last, in words. */
  readonly refusal: string | undefined
}

export const nothingExplained: Explained = {
  edge: undefined,
  isAsking: false,
  list: [],
  sampling: undefined,
  refusal: undefined,
}

/** More nobody scrolls through. */
const MOST_KEPT = 100

/** That edge is being asked; of another nothing is shown meanwhile. */
export const asking = (explained: Explained, edge: number): Explained => ({
  ...(explained.edge === edge ? explained : nothingExplained),
  edge,
  isAsking: true,
})

/** What to ask it for, beside what is known. */
export const pathFor = ({ list }: Explained): string => explanationsPath({ last: MOST_KEPT, after: list[0]?.id })

export function withAnswer(explained: Explained, answer: AdminAnswer): Explained {
  const before = { ...explained, isAsking: false }
  if (answer.kind !== 'ok') return { ...before, refusal: answer.reason.replace(/^\d+: /, '') }
  const told = readExplanations(answer.body)
  if (told === undefined) return { ...before, refusal: 'that is no explanation' }
  const { sampling, explanations } = told
  // An edge that is shown again before it has answered is asked twice.
  const known = new Set(explained.list.map(({ id }) => id))
  const list = [...explanations.filter(({ id }) => !known.has(id)), ...explained.list].slice(0, MOST_KEPT)
  return { ...before, sampling, refusal: undefined, list }
}
