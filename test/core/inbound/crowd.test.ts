import { describe, expect, test } from 'bun:test'
import { Crowd } from '../../../core/inbound/crowd.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

describe('a crowd', () => {
  test('is there for a second behind the last who had to wait', () => {
    const clock = virtualClock()
    const crowd = new Crowd(clock)
    expect(crowd.isThere).toBe(false)
    crowd.note()
    clock.advance(999)
    crowd.note()
    clock.advance(999)
    expect(crowd.isThere).toBe(true)
    clock.advance(1)
    expect([crowd.isThere, clock.pending()]).toEqual([false, 0])
  })

  test('ends when told', () => {
    const clock = virtualClock()
    const crowd = new Crowd(clock)
    crowd.note()
    crowd.end()
    expect([crowd.isThere, clock.pending()]).toEqual([false, 0])
  })
})
