import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Shedder, type Strain } from '../../../core/admission/shedder.ts'
import { seededRandom } from '../../../core/random.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'

const client = {} as ClientStream

/** `shed`: how many have been refused so far. */
function shedding(priorities: readonly number[]) {
  const heard = { shed: 0 }
  const shedder = new Shedder(seededRandom(1), () => (heard.shed += 1))
  shedder.update(priorities)
  /** So many looks of 100 ms at a process that is so. */
  const feel = (strain: Strain, looks: number): void => {
    for (let look = 0; look < looks; look += 1) shedder.feel(strain, 100)
  }
  const shares = (...asked: readonly number[]) => asked.map((one) => Math.round(shedder.shareOf(one) * 100))
  return { shedder, heard, feel, shares }
}

describe('a shedder', () => {
  test('lets everybody in until an overload has lasted', () => {
    const { feel, shedder, shares } = shedding([5])
    feel('over', 2)
    expect([shedder.isShedding, ...shares(5)]).toEqual([false, 0])
    feel('over', 1)
    expect([shedder.isShedding, ...shares(5)]).toEqual([true, 5])
  })

  test('refuses the least important first, and the next once all of these are', () => {
    const { feel, shares } = shedding([9, 5, 0, 5])
    feel('over', 12)
    expect(shares(0, 5, 9)).toEqual([50, 0, 0])
    feel('over', 10)
    expect(shares(0, 5, 9)).toEqual([100, 0, 0])
    feel('over', 5)
    expect(shares(0, 5, 9)).toEqual([100, 25, 0])
  })

  test('leaves a tenth of the most important, however long it lasts', () => {
    const { feel, shares } = shedding([9, 0])
    feel('over', 10_000)
    expect(shares(0, 9)).toEqual([100, 90])
  })

  test('lets them in again more slowly, the most important first', () => {
    const { feel, shares } = shedding([9, 0])
    feel('over', 32)
    expect(shares(0, 9)).toEqual([100, 50])
    feel('calm', 25)
    expect(shares(0, 9)).toEqual([100, 0])
    feel('near', 1000)
    expect(shares(0, 9)).toEqual([100, 0])
    feel('calm', 60)
    expect(shares(0, 9)).toEqual([0, 0])
  })

  test('takes one long pause for no more than two looks', () => {
    const { shedder } = shedding([5])
    shedder.feel('over', 60_000)
    expect(shedder.isShedding).toBe(false)
  })

  test('refuses as large a share as it says, with 503 and Retry-After, and counts it', () => {
    const { feel, heard, shedder } = shedding([5])
    feel('over', 10)
    const share = shedder.shareOf(5)
    const admission = shedder.admission(5)
    const verdicts = Array.from({ length: 10_000 }, () => admission.admit({ client } as never, undefined as never, 0))
    const refused = verdicts.filter(({ kind }) => kind === 'refused')
    expect(Math.abs(refused.length / 10_000 - share)).toBeLessThan(0.02)
    expect(heard.shed).toBe(refused.length)
    expect(refused[0]).toEqual({
      kind: 'refused',
      problem: { status: 503, detail: 'the balancer is overloaded', retryAfterSeconds: 1 },
    })
  })

  test('refuses nobody of a priority that no route has, and less when there are fewer', () => {
    const { feel, shares, shedder } = shedding([9, 5, 0])
    feel('over', 10_000)
    expect(shares(3)).toEqual([0])
    shedder.update([9])
    expect(shares(9)).toEqual([90])
    shedder.rest()
    expect([shedder.isShedding, ...shares(9)]).toEqual([false, 0])
  })

  test('without routes has nothing to shed', () => {
    const { feel, shedder } = shedding([])
    feel('over', 10_000)
    expect(shedder.shareOf(5)).toBe(0)
  })

  test('never refuses more of what is more important, whatever the process feels', () => {
    const strains = fc.array(fc.tuple(fc.constantFrom<Strain>('over', 'near', 'calm'), fc.nat(400)), {
      minLength: 50,
      maxLength: 200,
    })
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1 }), strains, (priorities, all) => {
        const { shedder } = shedding(priorities)
        const sorted = [...new Set(priorities)].toSorted((one, other) => one - other)
        for (const [strain, ms] of all) {
          shedder.feel(strain, ms)
          const shares = sorted.map((one) => shedder.shareOf(one))
          expect(shares.toSorted((one, other) => other - one)).toEqual(shares)
          expect(shares.at(-1)!).toBeLessThanOrEqual(0.9 + 1e-9)
        }
      }),
      { seed: 2 },
    )
  })
})
