import { describe, expect, test } from 'bun:test'
import { parseWeight } from '../../../cli/top/weight.ts'

describe('weights', () => {
  test('are numbers from 0.001 to 1000, as people write them', () => {
    expect(['2', ' 0.5 ', '100', '007'].map(parseWeight)).toEqual([2, 0.5, 100, 7])
    expect(['0.001', '1000'].map(parseWeight)).toEqual([0.001, 1000])
    for (const wrong of [
      '',
      '0',
      '0.0',
      '1000.1',
      '5000',
      '-1',
      '+1',
      '1e3',
      '0x10',
      'NaN',
      'Infinity',
      '1,5',
      '12345678',
      '1.23456',
    ])
      expect(parseWeight(wrong)).toBeUndefined()
  })
})
