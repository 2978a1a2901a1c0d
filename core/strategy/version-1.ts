/** Strategies of `apiVersion: 1`, whose hooks hear of the candidate and not of the attempt, as the core asks all of them. */
import type { Strategy, StrategyOfVersion1 } from './strategy.ts'

/** Calls what `old` has, as its methods and with the arguments of version 1. */
export function fromVersion1(old: StrategyOfVersion1): Strategy {
  return {
    pick: (candidates, context) => old.pick(candidates, context),
    ...(old.onStart && { onStart: ({ candidate, startedAt }) => old.onStart?.(candidate, startedAt) }),
    ...(old.onResponse && {
      // Never below 0, also where a check has time go back.
      onResponse: ({ candidate, startedAt }, _, now) => old.onResponse?.(candidate, Math.max(0, now - startedAt), now),
    }),
    ...(old.onEnd && { onEnd: ({ candidate }, outcome, now) => old.onEnd?.(candidate, outcome, now) }),
    ...(old.export && { export: () => old.export?.() }),
    ...(old.import && { import: (state) => old.import?.(state) }),
  }
}
