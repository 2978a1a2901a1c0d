import { describe, expect, test } from 'bun:test'
import { didYouMean, nearest } from '../../core/suggest.ts'

const names = ['listeners', 'routes', 'pools', 'timeouts', 'p2c', 'peak-ewma']

describe('nearest', () => {
  test.each([
    ['listners', 'listeners'],
    ['Pools', 'pools'],
    ['poosl', 'pools'],
    ['timeout', 'timeouts'],
    ['peak_ewma', 'peak-ewma'],
    ['p2d', 'p2c'],
  ])('finds what %p was meant to be', (typed, meant) => {
    expect(nearest(typed, names)).toBe(meant)
  })

  test.each(['', 'xyz', 'backends', 'x'.repeat(10_000)])('finds nothing near %p', (typed) => {
    expect(nearest(typed, names)).toBeUndefined()
  })

  test('compares the longest name with one that is longer by a third, also where lower case takes more room', () => {
    expect(nearest('x'.repeat(64), ['y'.repeat(64), 'x'.repeat(85)])).toBe('x'.repeat(85))
    expect(nearest('İ'.repeat(64), ['İ'.repeat(74)])).toBe('İ'.repeat(74))
  })

  test('takes the first of two that are equally near', () => {
    expect(nearest('ab', ['ac', 'ad'])).toBe('ac')
  })

  test('finds nothing among no candidates', () => {
    expect(nearest('pools', [])).toBeUndefined()
    expect(didYouMean('pools', [])).toBeUndefined()
  })
})
