import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DueMarks, HORIZON_MS } from '../../core/due-marks.ts'

const marked = (...times: number[]): DueMarks => {
  const marks = new DueMarks()
  for (const at of times) marks.mark(at)
  return marks
}

describe('due marks', () => {
  test.each([
    ['none', [], 100, 20],
    ['one that is near', [105], 100, 6],
    ['a fraction, which is waited for whole', [104.2], 100.9, 6],
    ['the next of several', [119, 103, 107], 100, 4],
    ['one that is due now', [100], 100, 1],
    ['one that has passed', [99], 100, 20],
    ['one of long ago in the same slot', [40], 100, 20],
    ['one beyond the longest wait', [120.5], 100, 20],
    ['one at the end of the longest wait', [119], 100, 20],
  ])('tell how long to wait: %s', (_name, times, now, wait) => {
    expect(marked(...times).untilNext(now, 20)).toBe(wait)
  })

  test('tell nobody to wait while a task is due', () => {
    const marks = marked(105)
    marks.tasks += 1
    expect(marks.untilNext(100, 20)).toBe(0)
    marks.tasks -= 1
    expect(marks.untilNext(100, 20)).toBe(6)
  })

  test('outlast that nobody has looked for long, and that somebody looks twice', () => {
    const marks = marked(10)
    expect(marks.untilNext(5, 20)).toBe(6)
    marks.mark(1040)
    for (const now of [1000, 1030, 1030]) marks.untilNext(now, 20)
    expect(marks.untilNext(1030, 20)).toBe(11)
  })

  test('never let anybody wait past one, at any time and whoever looked before', () => {
    const delays = fc.double({ min: 0, max: HORIZON_MS - 0.001, noNaN: true })
    const steps = fc.array(fc.record({ passes: fc.double({ min: 0, max: 200, noNaN: true }), delay: delays }))
    fc.assert(
      fc.property(steps, (list) => {
        const marks = new DueMarks()
        const due: number[] = []
        let now = 0
        for (const { passes, delay } of list) {
          now += passes
          marks.mark(now + delay)
          due.push(now + delay)
          const wait = marks.untilNext(now, 20)
          const next = Math.min(...due.filter((at) => at >= now))
          // What is waited for must have passed: to the ms behind it.
          expect(wait).toBeLessThanOrEqual(Math.min(20, Math.ceil(next) + 1 - Math.floor(now)))
          expect(wait).toBeGreaterThan(0)
        }
      }),
    )
  })
})
