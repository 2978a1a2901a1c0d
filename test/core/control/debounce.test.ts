import { describe, expect, test } from 'bun:test'
import { createDebounce } from '../../../core/control/debounce.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** Signs at these times, in ms -> when it acts, up to 200 ms. `-5` cancels at 5. */
function actsAt(signs: readonly number[]): number[] {
  const clock = virtualClock()
  const origin = clock.now()
  const acts: number[] = []
  const debounce = createDebounce({ clock, quietMs: 20, maxMs: 50, act: () => acts.push(clock.now() - origin) })
  for (let ms = 0; ms <= 200; ms++) {
    if (signs.includes(ms)) debounce.poke()
    if (ms > 0 && signs.includes(-ms)) debounce.cancel()
    clock.advance(1)
  }
  return acts
}

describe('a debounce', () => {
  test.each([
    [[], []],
    [[10], [30]],
    [[10, 15, 29], [49]],
    [
      [10, 31],
      [30, 51],
    ],
    [
      [0, 15, 30, 45, 60],
      [50, 80],
    ],
    [[10, -15], []],
    [[10, -15, 16], [36]],
    [[-5], []],
  ])('with signs at %j acts at %j', (signs, expected) => {
    expect(actsAt(signs)).toEqual(expected)
  })
})
