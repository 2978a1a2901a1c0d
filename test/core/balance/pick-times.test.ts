import { describe, expect, test } from 'bun:test'
import { PickTimes } from '../../../core/balance/pick-times.ts'

describe('PickTimes', () => {
  test('says nothing before the twentieth sample, nor after being cleared', () => {
    const times = new PickTimes()
    for (let index = 0; index < 19; index += 1) times.record(1)
    expect(times.medianNs()).toBeUndefined()
    times.record(1)
    expect(times.medianNs()).toBe(1e6)
    times.clear()
    expect(times.medianNs()).toBeUndefined()
  })

  test('gives the median in ns, whatever one pause does', () => {
    const times = new PickTimes()
    for (let round = 0; round < 4; round += 1) for (const ms of [0.0002, 50, 0.0001, 0.0003, 0.0002]) times.record(ms)
    expect(times.medianNs()).toBeCloseTo(200)
  })

  test('forgets all but the newest 64', () => {
    const times = new PickTimes()
    for (let index = 0; index < 1000; index += 1) times.record(9)
    for (let index = 0; index < 64; index += 1) times.record(1)
    expect(times.medianNs()).toBe(1e6)
  })
})
