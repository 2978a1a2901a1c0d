/**
 * Least connections, weighted: a backend drawn by weight, unless the least busy one, with this request on top, would be
 * no busier for its weight than the drawn one is now. So an idle pool is shared by weight, equal backends never differ
 * by more than a request, and the least busy is known exactly: a tournament tree (Knuth, vol. 3, 5.4.1) over
 * (inflight + 1) / weight, replayed by the hooks in O(log n). Ties go to the backend whose last start is longest ago.
 */
import type { Candidate, Candidates } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 1,
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
        return loadWithOneMore(least) <= drawn.inflight / drawn.weight ? least : drawn
      },
      onStart: (candidate) => ranking?.started(candidate),
      onEnd: (candidate) => ranking?.refresh(candidate),
    }
  },
})

const loadWithOneMore = (candidate: Candidate): number => (candidate.inflight + 1) / candidate.weight
const lessBusy = (one: Candidate, other: Candidate): Candidate =>
  loadWithOneMore(other) < loadWithOneMore(one) ? other : one

type Ranking = ReturnType<typeof createRanking>

function createRanking(candidates: Candidates) {
  const size = 2 ** Math.ceil(Math.log2(candidates.length))
  const places = new WeakMap(candidates.map((candidate, index) => [candidate, index]))
  /** By candidate index, as last seen; padding never wins. */
  const loads = new Float64Array(size).fill(Infinity)
  candidates.forEach((candidate, index) => (loads[index] = loadWithOneMore(candidate)))
  /** By candidate index: the number of its newest start. */
  const starts = new Float64Array(size)
  /** Node i holds the index of the less busy of its children 2i and 2i + 1; the leaves start at `size`. */
  const winners = new Int32Array(2 * size).map((_, node) => Math.max(0, node - size))
  let newestStart = 0
  let cursor = 0

  const load = (index: number): number => loads[index] ?? Infinity
  const winner = (node: number): number => winners[node] ?? 0

  function beats(one: number, other: number): boolean {
    const difference = load(one) - load(other)
    return difference < 0 || (difference === 0 && (starts[one] ?? 0) < (starts[other] ?? 0))
  }

  function replay(node: number): void {
    const left = winner(2 * node)
    const right = winner(2 * node + 1)
    winners[node] = beats(right, left) ? right : left
  }

  function set(index: number, value: number): void {
    loads[index] = value
    for (let node = (size + index) >> 1; node >= 1; node >>= 1) replay(node)
  }

  /** Whether it had gone stale, as a weight does when it changes: one more is looked at each pick, in rotation. */
  function refreshAt(index: number): boolean {
    const value = loadWithOneMore(candidates[index] ?? candidates[0])
    if (value === load(index)) return false
    set(index, value)
    return true
  }

  for (let node = size - 1; node >= 1; node -= 1) replay(node)
  return {
    least(): Candidate {
      cursor = cursor + 1 < candidates.length ? cursor + 1 : 0
      refreshAt(cursor)
      for (let tries = 0; tries < 4 && refreshAt(winner(1)); tries += 1);
      return candidates[winner(1)] ?? candidates[0]
    },
    started(candidate: Candidate): void {
      const index = places.get(candidate)
      if (index === undefined) return
      starts[index] = newestStart += 1
      set(index, loadWithOneMore(candidate))
    },
    refresh(candidate: Candidate): void {
      const index = places.get(candidate)
      if (index !== undefined) refreshAt(index)
    },
  }
}
