import { describe, expect, test } from 'bun:test'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { seldom } from '../../../core/observe/seldom.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function telling() {
  const clock = virtualClock()
  const told: EdgeEvent[] = []
  const emit = seldom(clock, (event) => told.push(event))
  const fault = (detail: string): void => emit({ kind: 'fault', detail })
  return { clock, told, emit, fault }
}

describe('seldom', () => {
  test('tells the first at once, and the newest of those that follow a second later', () => {
    const { clock, told, fault } = telling()
    fault('one')
    expect(told).toEqual([{ kind: 'fault', detail: 'one' }])
    for (const detail of ['two', 'three', 'four']) fault(detail)
    clock.advance(999)
    expect(told).toHaveLength(1)
    clock.advance(1)
    expect(told.slice(1)).toEqual([{ kind: 'fault', detail: 'four', more: 2 }])
  })

  test('says nothing of others when there was one alone', () => {
    const { clock, told, fault } = telling()
    fault('one')
    fault('two')
    clock.advance(1000)
    expect(told).toEqual([
      { kind: 'fault', detail: 'one' },
      { kind: 'fault', detail: 'two' },
    ])
  })

  test('tells a line a second however many come', () => {
    const { clock, told, fault } = telling()
    for (let step = 0; step < 10_000; step += 1) {
      fault(String(step))
      clock.advance(1)
    }
    expect(told).toHaveLength(11)
    expect(told.reduce((sum, event) => sum + 1 + ((event.kind === 'fault' && event.more) || 0), 0)).toBe(10_000)
  })

  test('tells at once again after a quiet second, and leaves no timer behind', () => {
    const { clock, told, fault } = telling()
    fault('one')
    clock.advance(1000)
    expect(clock.pending()).toBe(0)
    fault('two')
    expect(told).toHaveLength(2)
  })

  test('keeps kinds apart, and lets all others pass', () => {
    const { told, emit, fault } = telling()
    fault('one')
    emit({ kind: 'connection-limit', limit: 5 })
    for (const detail of ['one', 'two']) emit({ kind: 'shortage', detail })
    for (let index = 0; index < 2; index += 1) emit({ kind: 'stopped', cut: index })
    expect(told.map(({ kind }) => kind)).toEqual(['fault', 'connection-limit', 'shortage', 'stopped', 'stopped'])
  })
})
