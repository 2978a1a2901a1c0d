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

  test('takes the first of two that are equally near', () => {
    expect(nearest('ab', ['ac', 'ad'])).toBe('ac')
  })

  test('finds nothing among no candidates', () => {
    expect(nearest('pools', [])).toBeUndefined()
    expect(didYouMean('pools', [])).toBeUndefined()
  })
})
