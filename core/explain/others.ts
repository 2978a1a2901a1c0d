/**
 * Whom another strategy would have taken: asked afresh, with copies of the candidates as they were and the same luck, so
 * that nothing it does has an effect. Only strategies are asked that go by what a pick shows: those that learn from traffic
 * (`peak-ewma`, `expected-delay`) or keep turns (`round-robin`) would answer from an empty memory.
 */
import type { AskedWith } from '../balance/pick-recorder.ts'
import type { Clock } from '../clock.ts'
import { seededRandom, type Random } from '../random.ts'
import type { Strategy } from '../strategy/strategy.ts'

export interface Rival {
  readonly name: string
  /** A strategy that has seen nothing. */
  create(): Strategy
}

interface RivalRule {
  readonly name: string
  /** Whether what it goes by is known of the pick. */
  readonly fits: (asked: AskedWith) => boolean
}

const rules: readonly RivalRule[] = [
  { name: 'random', fits: () => true },
  { name: 'p2c', fits: () => true },
  { name: 'least-connections', fits: () => true },
  { name: 'consistent-hash', fits: ({ context }) => context.key !== undefined },
  { name: 'geo-affinity', fits: ({ context: { client } }) => client.zone !== undefined || client.place !== undefined },
]

/** By name, those that are worth asking. */
export const rivalNames: readonly string[] = rules.map(({ name }) => name)

/** For all of one pick. The shipped strategies take some 0.3 ms together; edited ones may take longer. */
const longestMs = 5

/** `strategy`: the one that has decided, which is not asked again. Never throws. */
export function othersOf(
  asked: AskedWith,
  strategy: string,
  { rivals, clock }: { readonly rivals: readonly Rival[]; readonly clock: Pick<Clock, 'now'> },
): { readonly strategy: string; readonly backend: string }[] {
  const until = clock.now() + longestMs
  const found: { strategy: string; backend: string }[] = []
  for (const { name, fits } of rules) {
    const rival = rivals.find((one) => one.name === name)
    if (rival === undefined || name === strategy || !fits(asked)) continue
    if (clock.now() > until) break
    const backend = choiceOf(rival, asked)
    if (backend !== undefined) found.push({ strategy: name, backend })
  }
  return found
}

/** undefined: it made none. */
function choiceOf(rival: Rival, { candidates, context, draws }: AskedWith): string | undefined {
  try {
    const picked = rival.create().pick(candidates, { ...context, random: sameLuck(draws) })
    return candidates.includes(picked) ? picked.id : undefined
  } catch {
    return undefined
  }
}

/** What chance said then, and, for who asks for more, something that is the same each time. */
function sameLuck(draws: readonly number[]): Random {
  const further = seededRandom(1)
  let at = 0
  return () => draws[at++] ?? further()
}
