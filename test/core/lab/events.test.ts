import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createEvents } from '../../../core/lab/events.ts'

describe('events', () => {
  test('come in the order of time, those of one time as they were put in', () => {
    const instants = fc.array(fc.nat({ max: 20 }), { maxLength: 200 })
    fc.assert(
      fc.property(instants, (times) => {
        const events = createEvents()
        const seen: (readonly [at: number, index: number])[] = []
        times.forEach((at, index) => events.at(at, () => seen.push([events.now, index])))
        while (events.next());
        const expected = times.map((at, index) => [at, index] as const)
        expect(seen).toEqual(expected.toSorted(([at, index], [other, later]) => at - other || index - later))
      }),
    )
  })

  test('may be put in by events, and are never in the past', () => {
    const events = createEvents()
    const seen: number[] = []
    events.at(5, () => {
      events.at(1, () => seen.push(events.now))
      events.at(9, () => seen.push(events.now))
    })
    events.at(7, () => seen.push(events.now))
    while (events.next());
    expect(seen).toEqual([5, 7, 9])
  })

  test('say when the next one is', () => {
    const events = createEvents()
    expect([events.now, events.nextAt, events.next()]).toEqual([0, Infinity, false])
    events.at(3, () => undefined)
    events.at(2, () => undefined)
    expect(events.nextAt).toBe(2)
    expect([events.next(), events.now, events.nextAt]).toEqual([true, 2, 3])
  })
})
