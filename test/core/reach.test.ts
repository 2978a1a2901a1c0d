import { describe, expect, test } from 'bun:test'
import { Reach, serviceName } from '../../core/reach.ts'
import { virtualClock } from '../support/virtual-clock.ts'

function reaching() {
  const told: string[] = []
  const clock = virtualClock()
  const reach = new Reach({
    clock,
    quietMs: 5000,
    onAway: (reason) => told.push(reason),
    onBack: (lost) => told.push(`back, ${lost} lost`),
  })
  return { told, clock, reach }
}

describe('whether a service can be reached', () => {
  test('is told when it changes, and back is who has not failed for a while', () => {
    const { told, clock, reach } = reaching()
    reach.answered()
    expect(told).toEqual([])
    reach.failed('down')
    reach.failed('still')
    reach.answered()
    clock.advance(4000)
    reach.failed('again')
    clock.advance(4999)
    reach.answered()
    expect(told).toEqual(['down'])
    clock.advance(1)
    reach.answered()
    reach.answered()
    expect(told.slice(1)).toEqual(['back, 0 lost'])
    reach.failed('once more')
    expect(told.slice(2)).toEqual(['once more'])
  })

  test('is told with what was lost meanwhile, from anew each time', () => {
    const { told, clock, reach } = reaching()
    for (const lost of [2, 3]) {
      reach.failed('down', lost)
      reach.failed('down', 1)
      clock.advance(5000)
      reach.answered()
    }
    expect(told).toEqual(['down', 'back, 3 lost', 'down', 'back, 4 lost'])
  })

  test('is told without what a query holds', () => {
    expect(serviceName('https://id.example.com:8443/keys?token=x')).toBe('https://id.example.com:8443/keys')
  })
})
