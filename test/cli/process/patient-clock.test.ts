import { describe, expect, test } from 'bun:test'
import { patientClock } from '../../../cli/process/patient-clock.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** When a deadline of 100 ms ends what has `share` of a core; undefined: not within a second. */
function endOf(share: number): number | undefined {
  const clock = virtualClock()
  const begun = clock.now()
  let endedAt: number | undefined
  patientClock(clock, () => (clock.now() - begun) * share).after(100, () => {
    endedAt ??= clock.now() - begun
  })
  for (let ms = 0; ms < 1000; ms += 10) clock.advance(10)
  return endedAt
}

describe('a deadline', () => {
  test.each([
    ['a loop on an idle machine', 1, 100],
    ['a loop that has half of a core', 0.5, 100],
    ['a loop that has a quarter of a core', 0.25, 200],
    ['a loop that hardly ever has a core', 0.05, 500],
    ['what waits for nothing', 0, 500],
  ])('ends %s', (_, share, ms) => {
    expect(endOf(share)).toBe(ms)
  })

  test('that is called off ends nothing, also after a while', () => {
    const clock = virtualClock()
    let ended = 0
    const cancel = patientClock(clock, () => 0).after(100, () => (ended += 1))
    clock.advance(250)
    cancel()
    clock.advance(1000)
    expect(ended).toBe(0)
  })
})
