import { describe, expect, test } from 'bun:test'
import { createMeter } from '../../../core/report/meter.ts'

describe('meter', () => {
  test('knows no rate before the second reading', () => {
    const meter = createMeter()
    expect(meter.perSecond(0)).toBe(0)
    meter.read(0, [500])
    expect(meter.perSecond(0)).toBe(0)
    expect(meter.recent(0)).toBe(0)
  })

  test('gives the rate over the newest second, older readings forgotten', () => {
    const meter = createMeter()
    for (let step = 0; step <= 8; step++) meter.read(step * 250, [step <= 4 ? step * 100 : 400])
    expect(meter.perSecond(0)).toBe(0)
    meter.read(2250, [425])
    expect(meter.perSecond(0)).toBe(25)
  })

  test('counts what came in one to two half windows', () => {
    const meter = createMeter()
    meter.read(0, [10])
    meter.read(1, [15])
    meter.turn()
    meter.read(2, [18])
    expect(meter.recent(0)).toBe(8)
    meter.turn()
    expect(meter.recent(0)).toBe(3)
    meter.turn()
    expect(meter.recent(0)).toBe(0)
  })

  test('takes a counter that fell for one that began anew', () => {
    const meter = createMeter()
    meter.read(0, [1000])
    meter.read(1000, [40])
    expect(meter.perSecond(0)).toBe(40)
    expect(meter.recent(0)).toBe(40)
  })

  test('gives no rate when the clock stands still', () => {
    const meter = createMeter()
    meter.read(5, [1])
    meter.read(5, [9])
    expect(meter.perSecond(0)).toBe(0)
  })
})
