import { describe, expect, test } from 'bun:test'
import { Remembered } from '../../../core/admission/remembered.ts'

describe('what is remembered', () => {
  test('holds until its time, and takes no room behind it', () => {
    const remembered = new Remembered<string, number>(2)
    remembered.set('a', 1, 10)
    expect([remembered.get('a', 9.9), remembered.get('b', 0)]).toEqual([1, undefined])
    expect([remembered.get('a', 10), remembered.size]).toEqual([undefined, 0])
  })

  test('is what was found out last, where there is no room for all', () => {
    const remembered = new Remembered<number, number>(2)
    for (const key of [1, 2, 1, 3]) remembered.set(key, key, 10)
    expect([1, 2, 3].map((key) => remembered.get(key, 0))).toEqual([1, undefined, 3])
    expect(remembered.size).toBe(2)
  })

  test('can be forgotten', () => {
    const remembered = new Remembered<string, number>(2)
    remembered.set('a', 1, 10)
    remembered.clear()
    expect(remembered.get('a', 0)).toBeUndefined()
  })
})
