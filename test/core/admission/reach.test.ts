import { describe, expect, test } from 'bun:test'
import { Reach, serviceName } from '../../../core/admission/reach.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

describe('whether a service can be reached', () => {
  test('is told when it changes, and back is who has not failed for a while', () => {
    const events: EdgeEvent[] = []
    const clock = virtualClock()
    const reach = new Reach({ service: 'a', emit: (event) => events.push(event), clock, quietMs: 5000 })
    reach.answered()
    expect(events).toEqual([])
    reach.failed('down')
    reach.failed('still')
    reach.answered()
    clock.advance(4000)
    reach.failed('again')
    clock.advance(4999)
    reach.answered()
    expect(events).toEqual([{ kind: 'auth-away', service: 'a', detail: 'down' }])
    clock.advance(1)
    reach.answered()
    reach.answered()
    expect(events.slice(1)).toEqual([{ kind: 'auth-back', service: 'a' }])
    reach.failed('once more')
    expect(events.slice(2)).toEqual([{ kind: 'auth-away', service: 'a', detail: 'once more' }])
  })

  test('is told without what a query holds', () => {
    expect(serviceName('https://id.example.com:8443/keys?token=x')).toBe('https://id.example.com:8443/keys')
  })
})
