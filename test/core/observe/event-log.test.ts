import { describe, expect, test } from 'bun:test'
import { createEventLog } from '../../../core/observe/event-log.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** The virtual clock's first instant. */
const start = Date.UTC(2026, 0, 1)

const fault = (detail: string): EdgeEvent => ({ kind: 'fault', detail })

describe('event log', () => {
  test('hands every event on and numbers it', () => {
    const seen: EdgeEvent[] = []
    const log = createEventLog(virtualClock(), (event) => seen.push(event))
    log.emit(fault('a'))
    log.emit(fault('b'))
    expect(seen).toEqual([fault('a'), fault('b')])
    expect(log.after(0).map(({ id, event }) => [id, event])).toEqual([
      [start + 1, fault('a')],
      [start + 2, fault('b')],
    ])
    expect(log.after(start + 1).map(({ id }) => id)).toEqual([start + 2])
    expect(log.after(start + 99)).toEqual([])
  })

  test('tells who saw the process before all that has happened in this one', () => {
    const clock = virtualClock()
    const before = createEventLog(clock, () => undefined)
    for (let index = 0; index < 10; index++) before.emit(fault('old'))
    const seen = before.after(0).at(-1)?.id ?? Infinity
    clock.advance(1000)
    const log = createEventLog(clock, () => undefined)
    log.emit(fault('new'))
    expect(log.after(seen).map(({ event }) => event)).toEqual([fault('new')])
  })

  test('keeps the newest only', () => {
    const log = createEventLog(virtualClock(), () => undefined, 3)
    for (let index = 0; index < 10; index++) log.emit(fault(String(index)))
    expect(log.after(0).map(({ id }) => id)).toEqual([start + 8, start + 9, start + 10])
  })

  test('tells the time of each event', () => {
    const clock = virtualClock()
    const log = createEventLog(clock, () => undefined)
    clock.advance(1500)
    log.emit(fault('a'))
    expect(log.after(0)[0]?.at).toBe(start + 1500)
  })

  test('tells a watcher until it leaves', () => {
    const log = createEventLog(virtualClock(), () => undefined)
    const ids: number[] = []
    const leave = log.subscribe(({ id }) => ids.push(id))
    log.emit(fault('a'))
    leave()
    leave()
    log.emit(fault('b'))
    expect(ids).toEqual([start + 1])
  })
})
