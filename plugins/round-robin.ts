/**
 * Round robin, weighted and smooth: earliest deadline first over virtual time (stride scheduling, Waldspurger 1995).
 * Each pick takes the earliest deadline and moves it on by 1/weight, so a backend of weight 2 comes twice as often,
 * evenly spaced. A tournament tree of deadlines makes a pick O(log n). Every array starts at random phases: workers do
 * not march in step, and a pool whose members come and go does not favour the first. A retry gets one weighted draw.
 */
import type { Candidates } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import type { Random } from '../core/random.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 1,
  name: 'round-robin',
  parse: (raw) => readOptions(raw, {}),
  create() {
    const schedules = perArray((candidates, { random }) => createSchedule(candidates, random))
    return {
      pick(candidates, context) {
        const schedule = schedules(candidates, context)
        return schedule?.next() ?? weightedDraw(candidates).one(context.random)
      },
    }
  },
})

/** Virtual time is set back to 0 here, before additions of 1/weight could drown in its rounding. */
const horizon = 2 ** 20

function createSchedule(candidates: Candidates, random: Random) {
  const size = 2 ** Math.ceil(Math.log2(candidates.length))
  /** By candidate index; padding is never due. */
  const deadlines = new Float64Array(size).fill(Infinity)
  /** weight each deadline was reckoned with. */
  const weights = Float64Array.from(candidates, (candidate) => candidate.weight)
  /** Node i holds the index of the earlier of its children 2i and 2i + 1; the leaves start at `size`. */
  const earliest = new Int32Array(2 * size).map((_, node) => Math.max(0, node - size))
  let now = 0
  let cursor = 0

  const due = (index: number): number => deadlines[index] ?? Infinity
  const winner = (node: number): number => earliest[node] ?? 0

  function replay(node: number): void {
    const left = winner(2 * node)
    const right = winner(2 * node + 1)
    earliest[node] = due(left) <= due(right) ? left : right
  }

  function set(index: number, deadline: number): void {
    deadlines[index] = deadline
    for (let node = (size + index) >> 1; node >= 1; node >>= 1) replay(node)
  }

  function setAll(deadlineOf: (index: number) => number): void {
    for (let index = 0; index < candidates.length; index += 1) deadlines[index] = deadlineOf(index)
    for (let node = size - 1; node >= 1; node -= 1) replay(node)
  }

  /** Compares one weight a pick, so that a change is noticed within n picks; what is left of the wait scales. */
  function noticeNext(): void {
    cursor = cursor + 1 < candidates.length ? cursor + 1 : 0
    const weight = candidates[cursor]?.weight ?? 1
    const former = weights[cursor] ?? 1
    if (weight === former) return
    weights[cursor] = weight
    set(cursor, now + ((due(cursor) - now) * former) / weight)
  }

  setAll((index) => random() / (weights[index] ?? 1))
  return {
    next() {
      noticeNext()
      const index = winner(1)
      const candidate = candidates[index] ?? candidates[0]
      now = due(index)
      weights[index] = candidate.weight
      set(index, now + 1 / candidate.weight)
      if (now > horizon) {
        setAll((index) => due(index) - now)
        now = 0
      }
      return candidate
    },
  }
}
