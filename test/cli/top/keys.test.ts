import { describe, expect, test } from 'bun:test'
import { keyHelp, keyNames } from '../../../cli/top/keys.ts'

describe('keys', () => {
  test('have one name each', () => {
    expect(keyNames('', { upArrow: true })).toEqual(['up'])
    expect(keyNames('\r', { return: true })).toEqual(['enter'])
    expect(keyNames('', { tab: true, shift: true })).toEqual(['shift-tab'])
    expect(keyNames('', { tab: true })).toEqual(['tab'])
    expect(keyNames('', { delete: true })).toEqual(['backspace'])
    expect(keyNames('c', { ctrl: true })).toEqual(['ctrl-c'])
    expect(keyNames('x', {})).toEqual(['x'])
  })

  test('pressed faster than read count one by one', () => {
    expect(keyNames('dy', {})).toEqual(['d', 'y'])
    expect(keyNames('jé€', {})).toEqual(['j', 'é', '€'])
    expect(keyNames('w4\ry', {})).toEqual(['w', '4', 'enter', 'y'])
    expect(keyNames('a\u007F\u0003', {})).toEqual(['a', 'backspace', 'ctrl-c'])
  })

  test('that mean nothing have no name', () => {
    expect(keyNames('', {})).toEqual([])
    expect(keyNames('x', { meta: true })).toEqual([])
  })

  test('are all in the help, which fits the smallest window', () => {
    expect(keyHelp.length).toBeLessThanOrEqual(17)
    for (const [names] of keyHelp) expect(names.length).toBeLessThanOrEqual(16)
  })
})
