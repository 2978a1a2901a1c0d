import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { InFlight } from '../../../core/limits/in-flight.ts'

const keyOf = (index: number) => ({ high: index % 5, low: index + 1 })

describe('what is under way', () => {
  test('is counted for each key, and forgotten with its end', () => {
    const underWay = new InFlight()
    underWay.begin(keyOf(1))
    underWay.begin(keyOf(1))
    underWay.begin(keyOf(6))
    expect([underWay.count(keyOf(1)), underWay.count(keyOf(6)), underWay.count(keyOf(11)), underWay.keys]).toEqual([
      2, 1, 0, 2,
    ])
    underWay.end(keyOf(1))
    underWay.end(keyOf(6))
    expect([underWay.count(keyOf(1)), underWay.count(keyOf(6)), underWay.keys]).toEqual([1, 0, 1])
  })

  test('is what a map of counts says, whatever begins and ends', () => {
    const step = fc.record({ index: fc.integer({ min: 0, max: 60 }), begins: fc.boolean() })
    const property = fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const underWay = new InFlight()
      const model = new Map<number, number>()
      for (const { index, begins } of steps) {
        const count = model.get(index) ?? 0
        if (!begins && count === 0) continue
        underWay[begins ? 'begin' : 'end'](keyOf(index))
        model.set(index, count + (begins ? 1 : -1))
        for (const [key, expected] of model) expect(underWay.count(keyOf(key))).toBe(expected)
        expect(underWay.keys).toBe([...model.values()].filter((count) => count > 0).length)
      }
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('is held for no longer than it lasts: a million keys, ten at a time, take no more room than ten', () => {
    const underWay = new InFlight()
    for (let index = 0; index < 1_000_000; index += 1) {
      underWay.begin({ high: Math.imul(index, 2_654_435_761) >>> 0, low: index + 1 })
      if (index >= 10) underWay.end({ high: Math.imul(index - 10, 2_654_435_761) >>> 0, low: index - 9 })
    }
    expect([underWay.keys, underWay.bytes <= 16 * 128]).toEqual([10, true])
  })
})
