import { describe, expect, test } from 'bun:test'
import { createEventLog } from '../../../core/observe/event-log.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const fault = (detail: string): EdgeEvent => ({ kind: 'fault', detail })

describe('event log', () => {
  test('hands every event on and numbers it from 1', () => {
    const seen: EdgeEvent[] = []
    const log = createEventLog(virtualClock(), (event) => seen.push(event))
    log.emit(fault('a'))
    log.emit(fault('b'))
    expect(seen).toEqual([fault('a'), fault('b')])
    expect(log.after(0).map(({ id, event }) => [id, event])).toEqual([
      [1, fault('a')],
      [2, fault('b')],
    ])
    expect(log.after(1).map(({ id }) => id)).toEqual([2])
    expect(log.after(99)).toEqual([])
  })

  test('keeps the newest only', () => {
    const log = createEventLog(virtualClock(), () => undefined, 3)
    for (let index = 0; index < 10; index++) log.emit(fault(String(index)))
    expect(log.after(0).map(({ id }) => id)).toEqual([8, 9, 10])
  })

  test('tells the time of each event', () => {
    const clock = virtualClock()
    const log = createEventLog(clock, () => undefined)
    clock.advance(1500)
    log.emit(fault('a'))
    expect(log.after(0)[0]?.at).toBe(Date.UTC(2026, 0, 1) + 1500)
  })

  test('tells a watcher until it leaves', () => {
    const log = createEventLog(virtualClock(), () => undefined)
    const ids: number[] = []
    const leave = log.subscribe(({ id }) => ids.push(id))
    log.emit(fault('a'))
    leave()
    leave()
    log.emit(fault('b'))
    expect(ids).toEqual([1])
  })
})
