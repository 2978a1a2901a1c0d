import { describe, expect, test } from 'bun:test'
import { watchFullness } from '../../../core/pool/fullness.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function watching() {
  const clock = virtualClock()
  const told: string[] = []
  const fullness = watchFullness({
    clock,
    onFull: () => told.push('full'),
    onRelieved: (forMs) => told.push(`relieved after ${forMs}`),
  })
  return { clock, note: () => fullness.note(), stop: () => fullness.stop(), told }
}

describe('the fullness of a pool', () => {
  test('is told once, however often requests find it full, and its end after a while without', () => {
    const { clock, note, told } = watching()
    for (let at = 0; at < 20_000; at += 10) {
      note()
      clock.advance(10)
    }
    expect(told).toEqual(['full'])
    clock.advance(4980)
    expect(told).toEqual(['full'])
    clock.advance(10)
    expect(told).toEqual(['full', 'relieved after 19990'])
    expect(clock.pending()).toBe(0)
  })

  test('is told no more once nobody wants to know', () => {
    const { clock, note, stop, told } = watching()
    note()
    clock.advance(3000)
    note()
    clock.advance(3000)
    stop()
    expect([told, clock.pending()]).toEqual([['full'], 0])
  })

  test('is told to nobody who wanted to know no more before it came', () => {
    const { clock, note, stop, told } = watching()
    stop()
    note()
    expect([told, clock.pending()]).toEqual([[], 0])
  })

  test('is told anew the next time', () => {
    const { clock, note, told } = watching()
    note()
    clock.advance(5000)
    note()
    clock.advance(5000)
    expect(told).toEqual(['full', 'relieved after 0', 'full', 'relieved after 0'])
  })
})
