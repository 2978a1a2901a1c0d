import { describe, expect, test } from 'bun:test'
import { createSaveLog } from '../../bench/save-log.ts'

describe('createSaveLog', () => {
  test('takes a save for live when its witness has answered more', () => {
    const log = createSaveLog()
    log.saved('members', 1, [5, 7], 100)
    log.counted([6, 7], 105)
    log.counted([9, 8], 130)
    log.counted([9, 9], 135)
    expect(log.liveMs('members')).toEqual([30])
    expect(log.liveMs('strategy')).toEqual([])
  })

  test('follows both kinds at once', () => {
    const log = createSaveLog()
    log.saved('members', 0, [0, 0], 0)
    log.saved('strategy', 1, [0, 0], 100)
    log.counted([0, 1], 150)
    log.counted([1, 1], 160)
    expect([log.liveMs('members'), log.liveMs('strategy')]).toEqual([[160], [50]])
  })

  test('gives up a save that the next of its kind overtakes', () => {
    const log = createSaveLog()
    log.saved('members', 0, [3, 3], 0)
    log.saved('members', 1, [3, 3], 200)
    log.counted([4, 3], 210)
    log.counted([4, 4], 220)
    expect(log.liveMs('members')).toEqual([20])
  })

  test('knows nothing about a witness that nobody counts', () => {
    const log = createSaveLog()
    log.saved('members', 9, [], 0)
    log.counted([], 10)
    expect(log.liveMs('members')).toEqual([])
  })
})
