/** What a strategy picked that is no candidate, in words that help its author. Takes nothing on trust. */
import type { Candidates } from './strategy.ts'

/** To follow `pick returned `. Never throws. */
export function describeStranger(picked: unknown, candidates: Candidates): string {
  try {
    if (picked === undefined || picked === null) return `${picked}; it must return one of its candidates`
    if (typeof picked === 'string') return 'a text; it must return the candidate itself, not its id'
    if (typeof picked !== 'object') return `a ${typeof picked}; it must return one of its candidates`
    if ('then' in picked) return 'a promise; it must return one of its candidates at once'
    if (candidates.some(({ id }) => 'id' in picked && picked.id === id))
      return 'a copy of a candidate; it must return the object that is in the list'
  } catch {
    // A getter or a proxy that throws.
  }
  return 'something that is not in the list'
}
