import { describe, expect, test } from 'bun:test'
import { VerdictCache } from '../../../core/admission/verdict-cache.ts'

describe('a cache of verdicts', () => {
  test('knows them for a while', () => {
    const cache = new VerdictCache(10, 100)
    cache.add('a', 5)
    expect([cache.has('a', 5), cache.has('a', 104), cache.has('a', 105), cache.has('b', 5)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('forgets the oldest for one more than it has room for', () => {
    const cache = new VerdictCache(2, 100)
    for (const mark of ['a', 'b', 'a', 'c']) cache.add(mark, 0)
    expect(['a', 'b', 'c'].map((mark) => cache.has(mark, 0))).toEqual([true, false, true])
  })

  test('gives back the room of what counts no more', () => {
    const cache = new VerdictCache(3, 100)
    cache.add('a', 0)
    cache.add('b', 50)
    cache.add('c', 100)
    cache.add('d', 100)
    expect(['a', 'b', 'c', 'd'].map((mark) => cache.has(mark, 100))).toEqual([false, true, true, true])
  })
})
