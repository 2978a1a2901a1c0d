/**
 * Round robin, weighted and smooth: earliest deadline first over virtual time (stride scheduling, Waldspurger 1995).
 * Each pick takes the earliest deadline and moves it on by 1/weight, so a backend of weight 2 comes twice as often,
 * evenly spaced. A tournament tree of deadlines makes a pick O(log n). Every array starts at random phases: workers do
 * not march in step, and a pool whose members come and go does not favour the first. A retry gets one weighted draw.
 */
import type { Candidates, PickNotes } from '../core/strategy/strategy.ts'
import { defineStrategy, perArray, readOptions, tournament } from '../core/strategy/strategy.ts'
import type { Random } from '../core/random.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 2,
  name: 'round-robin',
  parse: (raw) => readOptions(raw, {}),
  create() {
    const schedules = perArray((candidates, { random }) => createSchedule(candidates, random))
    return {
      pick(candidates, context) {
        const schedule = schedules(candidates, context)
        const { notes } = context
        if (schedule !== undefined) return schedule.next(notes)
        const drawn = weightedDraw(candidates).one(context.random)
        if (notes !== undefined) {
          notes.drew(drawn)
          notes.score(drawn, 1 / drawn.weight)
          notes.because('drawn by weight, as turns are kept for the lasting list alone')
        }
        return drawn
      },
    }
  },
})

/** Virtual time is set back to 0 here, before additions of 1/weight could drown in its rounding. */
const horizon = 2 ** 20

function createSchedule(candidates: Candidates, random: Random) {
  const deadlines = tournament(candidates.length)
  /** weight each deadline was reckoned with. */
  const weights = Float64Array.from(candidates, (candidate) => candidate.weight)
  let now = 0
  let cursor = 0

  /** Compares one weight a pick, so that a change is noticed within n picks; what is left of the wait scales. */
  function noticeNext(): void {
    cursor = cursor + 1 < candidates.length ? cursor + 1 : 0
    const weight = candidates[cursor]?.weight ?? 1
    const former = weights[cursor] ?? 1
    if (weight === former) return
    weights[cursor] = weight
    deadlines.set(cursor, now + ((deadlines.at(cursor) - now) * former) / weight)
  }

  deadlines.setAll((index) => random() / (weights[index] ?? 1))
  return {
    next(notes: PickNotes | undefined) {
      noticeNext()
      if (notes !== undefined) {
        candidates.forEach((candidate, index) => notes.score(candidate, deadlines.at(index) - now))
        notes.because('its turn comes first')
      }
      const index = deadlines.winner()
      const candidate = candidates[index] ?? candidates[0]
      now = deadlines.at(index)
      weights[index] = candidate.weight
      deadlines.set(index, now + 1 / candidate.weight)
      if (now > horizon) {
        deadlines.setAll((index) => deadlines.at(index) - now)
        now = 0
      }
      return candidate
    },
  }
}
