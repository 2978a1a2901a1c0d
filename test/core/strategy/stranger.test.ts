import { describe, expect, test } from 'bun:test'
import { describeStranger } from '../../../core/strategy/stranger.ts'
import { fakePool } from '../../../core/lab/fakes.ts'

const pool = fakePool([1, 1])

const hostile = new Proxy(
  {},
  {
    has() {
      throw new Error('no')
    },
  },
)

describe('describeStranger', () => {
  test.each([
    ['nothing', undefined, 'undefined; it must return one of its candidates'],
    ['null', null, 'null; it must return one of its candidates'],
    ['an id', pool[0].id, 'a text; it must return the candidate itself, not its id'],
    ['an index', 1, 'a number; it must return one of its candidates'],
    ['a promise', Promise.resolve(pool[0]), 'a promise; it must return one of its candidates at once'],
    ['a copy', { ...pool[1] }, 'a copy of a candidate; it must return the object that is in the list'],
    ['another object', { id: 'x' }, 'something that is not in the list'],
    ['what cannot be looked at', hostile, 'something that is not in the list'],
  ])('says what is wrong with %s', (_, picked, words) => {
    expect(describeStranger(picked, pool)).toBe(words)
  })
})
