import { describe, expect, test } from 'bun:test'
import { createMeter } from '../../../core/report/meter.ts'

describe('meter', () => {
  test('knows no rate before the second reading', () => {
    const meter = createMeter<'requests'>()
    expect(meter.perSecond('requests')).toBe(0)
    meter.read(0, { requests: 500 })
    expect(meter.perSecond('requests')).toBe(0)
    expect(meter.recent('requests')).toBe(0)
  })

  test('gives the rate over the newest second, older readings forgotten', () => {
    const meter = createMeter<'requests'>()
    for (let step = 0; step <= 8; step++) meter.read(step * 250, { requests: step <= 4 ? step * 100 : 400 })
    expect(meter.perSecond('requests')).toBe(0)
    meter.read(2250, { requests: 425 })
    expect(meter.perSecond('requests')).toBe(25)
  })

  test('counts what came in one to two half windows', () => {
    const meter = createMeter<'requests'>()
    meter.read(0, { requests: 10 })
    meter.read(1, { requests: 15 })
    meter.turn()
    meter.read(2, { requests: 18 })
    expect(meter.recent('requests')).toBe(8)
    meter.turn()
    expect(meter.recent('requests')).toBe(3)
    meter.turn()
    expect(meter.recent('requests')).toBe(0)
  })

  test('takes a counter that fell for one that began anew', () => {
    const meter = createMeter<'requests'>()
    meter.read(0, { requests: 1000 })
    meter.read(1000, { requests: 40 })
    expect(meter.perSecond('requests')).toBe(40)
    expect(meter.recent('requests')).toBe(40)
  })

  test('gives no rate when the clock stands still', () => {
    const meter = createMeter<'requests'>()
    meter.read(5, { requests: 1 })
    meter.read(5, { requests: 9 })
    expect(meter.perSecond('requests')).toBe(0)
  })

  test('adds counters up, each for itself, and takes an unknown one for 0', () => {
    const meter = createMeter<'a' | 'b' | 'new'>()
    meter.read(0, { a: 10, b: 1000 })
    meter.read(500, { a: 20, b: 5, new: 3 })
    expect(meter.perSecond('a', 'b')).toBe(30)
    expect(meter.recent('a', 'b', 'new')).toBe(18)
    expect([meter.recent(), meter.recent('new')]).toEqual([0, 3])
  })

  test('keeps what a live record held when it was read', () => {
    const meter = createMeter<'a'>()
    const live = { a: 1 }
    meter.read(0, live)
    live.a = 5
    meter.read(1000, live)
    live.a = 100
    expect([meter.recent('a'), meter.perSecond('a')]).toEqual([4, 4])
  })
})
