import { describe, expect, test } from 'bun:test'
import {
  CallMarks,
  markBytes,
  markedCall,
  maxOwner,
  ON_END,
  PICK,
  readMarks,
  strategyCalls,
} from '../../../core/strategy/call-marks.ts'

function marking() {
  const memory = new SharedArrayBuffer(markBytes)
  return { marks: new CallMarks(memory), underWay: () => readMarks(memory)[0]!, loading: () => readMarks(memory)[1]! }
}

describe('CallMarks', () => {
  test('tell whose call is under way, and which', () => {
    const { marks, underWay } = marking()
    marks.begin(7, PICK)
    expect(markedCall(underWay())).toEqual({ owner: 7, call: 'pick' })
    marks.end()
    expect(underWay()).toBe(0)
    marks.begin(maxOwner, ON_END)
    expect(markedCall(underWay())).toEqual({ owner: maxOwner, call: 'onEnd' })
  })

  test('know every call by name, and no call as none', () => {
    const { marks, underWay } = marking()
    for (const call of strategyCalls) {
      marks.during(3, call, () => expect(markedCall(underWay())).toEqual({ owner: 3, call }))
    }
    expect(markedCall(0)).toBeUndefined()
    expect(markedCall(15)).toBeUndefined()
  })

  test('tell one call from the next of the same kind', () => {
    const { marks, underWay } = marking()
    const seen = new Set<number>()
    for (let call = 0; call < 10_000; call += 1) {
      marks.begin(1, PICK)
      seen.add(underWay())
      marks.end()
    }
    expect(seen.size).toBe(10_000)
  })

  test('go on when their numbers are used up', () => {
    const { marks, underWay } = marking()
    for (let call = 0; call < 600_000; call += 1) marks.begin(5, PICK)
    expect(markedCall(underWay())).toEqual({ owner: 5, call: 'pick' })
  })

  test('are taken away behind what throws', () => {
    const { marks, underWay } = marking()
    expect(() =>
      marks.during(1, 'create', () => {
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(underWay()).toBe(0)
    expect(marks.during(1, 'parse', () => 5)).toBe(5)
  })

  test('show a load beside the calls, with another number at each beat', () => {
    const { marks, underWay, loading } = marking()
    marks.load(1)
    const first = loading()
    marks.begin(2, PICK)
    marks.end()
    expect(loading()).toBe(first)
    marks.load(1)
    expect(loading()).not.toBe(first)
    expect(markedCall(loading())).toEqual({ owner: 1, call: 'loading' })
    expect(underWay()).toBe(0)
    marks.loaded()
    expect(loading()).toBe(0)
  })
})
