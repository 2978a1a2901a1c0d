import { expect, test } from 'bun:test'
import { eventClock } from '../../../core/net/event-clock.ts'
import { enter, enterNext, leave } from '../../../core/net/outbox.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

test('time stands still within an event, and goes on with the next and outside of any', () => {
  const clock = virtualClock()
  const events = eventClock(clock)
  const begun = clock.now()
  const read: number[] = []
  const look = (): void => void read.push(events.now() - begun)
  for (let event = 0; event < 2; event += 1) {
    enter()
    look()
    clock.advance(1)
    enter()
    look()
    leave()
    leave()
  }
  look()
  clock.advance(1)
  look()
  expect(read).toEqual([0, 0, 1, 1, 2, 3])
})

test('time stands still in what comes at once behind an event', () => {
  const clock = virtualClock()
  const events = eventClock(clock)
  const read: number[] = []
  for (const begin of [enter, enterNext, enter]) {
    begin()
    read.push(events.now())
    clock.advance(1)
    leave()
  }
  const [first = 0] = read
  expect(read).toEqual([first, first, first + 2])
})
