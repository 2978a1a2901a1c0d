import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Line, type Place } from '../../../core/pool/line.ts'

const inOrder = (one: Place, other: Place): number =>
  other.priority - one.priority || one.rank - other.rank || one.sequence - other.sequence

describe('a line', () => {
  test('keeps its order, whoever enters and leaves', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('enter' as const), priority: fc.nat(2), rank: fc.nat(3) }),
        fc.record({ kind: fc.constantFrom('take' as const, 'leave' as const), at: fc.nat() }),
      ),
      { minLength: 20, maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const line = new Line<Place>()
        let standing: Place[] = []
        for (const [sequence, step] of all.entries()) {
          if (step.kind === 'enter') {
            const place = { priority: step.priority, rank: step.rank, sequence }
            line.enter(place)
            standing = [...standing, place].toSorted(inOrder)
          } else if (step.kind === 'take') {
            const fits = ({ rank }: Place): boolean => rank >= step.at % 4
            const first = standing.find(fits)
            expect([line.has(fits), line.take(fits)]).toEqual([first !== undefined, first])
            standing = standing.filter((place) => place !== first)
          } else {
            const leaving = standing[step.at % standing.length]
            if (leaving === undefined) continue
            expect([line.leave(leaving), line.leave(leaving)]).toEqual([true, false])
            standing = standing.filter((place) => place !== leaving)
          }
          expect([line.length, line.last]).toEqual([standing.length, standing.at(-1)])
        }
        expect(standing.map(() => line.take(() => true))).toEqual(standing)
      }),
      { seed: 11 },
    )
  })
})
