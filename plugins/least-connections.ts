/**
 * Least connections, weighted: a backend drawn by weight, unless the least busy one, with this request on top, would be
 * no busier for its weight than the drawn one is now. So an idle pool is shared by weight, equal backends never differ
 * by more than a request, and the least busy is known exactly: a tournament tree (Knuth, vol. 3, 5.4.1) over
 * (inflight + 1) / weight, replayed by the hooks in O(log n). Ties go to the backend whose last start is longest ago.
 */
import type { Candidate, Candidates } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions, tournament } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 2,
  name: 'least-connections',
  parse: (raw) => readOptions(raw, {}),
  create() {
    let ranking: Ranking | undefined
    const pools = perArray((candidates) => {
      ranking = createRanking(candidates)
      return { draw: weightedDraw(candidates), ranking }
    })
    return {
      pick(candidates, context) {
        const pool = pools(candidates, context)
        const drawn = (pool?.draw ?? weightedDraw(candidates)).one(context.random)
        const least = pool?.ranking.least() ?? candidates.reduce(lessBusy)
        const isLeast = loadWithOneMore(least) <= drawn.inflight / drawn.weight
        const { notes } = context
        if (notes !== undefined) {
          for (const candidate of candidates)
            notes.score(candidate, pool?.ranking.loadOf(candidate) ?? loadWithOneMore(candidate))
          notes.drew(drawn)
          notes.score(drawn, drawn.inflight / drawn.weight)
          notes.because(
            isLeast ? 'the least busy for its weight' : 'drawn by weight, and nobody else would be less busy',
          )
        }
        return isLeast ? least : drawn
      },
      onStart: ({ candidate }) => ranking?.started(candidate),
      onEnd: ({ candidate }) => ranking?.refresh(candidate),
    }
  },
})

const loadWithOneMore = (candidate: Candidate): number => (candidate.inflight + 1) / candidate.weight
const lessBusy = (one: Candidate, other: Candidate): Candidate =>
  loadWithOneMore(other) < loadWithOneMore(one) ? other : one

type Ranking = ReturnType<typeof createRanking>

function createRanking(candidates: Candidates) {
  const places = new WeakMap(candidates.map((candidate, index) => [candidate, index]))
  const loads = tournament(candidates.length)
  let newestStart = 0
  let cursor = 0

  /** Whether it had gone stale, as a weight does when it changes: one more is looked at each pick, in rotation. */
  function refreshAt(index: number): boolean {
    const value = loadWithOneMore(candidates[index] ?? candidates[0])
    if (value === loads.at(index)) return false
    loads.set(index, value)
    return true
  }

  loads.setAll((index) => loadWithOneMore(candidates[index] ?? candidates[0]))
  return {
    least(): Candidate {
      cursor = cursor + 1 < candidates.length ? cursor + 1 : 0
      refreshAt(cursor)
      for (let tries = 0; tries < 4 && refreshAt(loads.winner()); tries += 1);
      return candidates[loads.winner()] ?? candidates[0]
    },
    /** As it was compared, with one more. */
    loadOf(candidate: Candidate): number | undefined {
      const index = places.get(candidate)
      return index === undefined ? undefined : loads.at(index)
    },
    started(candidate: Candidate): void {
      const index = places.get(candidate)
      if (index !== undefined) loads.set(index, loadWithOneMore(candidate), (newestStart += 1))
    },
    refresh(candidate: Candidate): void {
      const index = places.get(candidate)
      if (index !== undefined) refreshAt(index)
    },
  }
}
