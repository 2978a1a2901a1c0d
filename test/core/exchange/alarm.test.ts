import { describe, expect, test } from 'bun:test'
import { Alarm, later } from '../../../core/exchange/alarm.ts'
import { outbox } from '../../../core/net/outbox.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function waiting() {
  const clock = virtualClock()
  const faults: unknown[] = []
  const wheel = new TimerWheel(clock, (fault) => void faults.push(fault))
  /** How deep in events each task ran. */
  const depths: number[] = []
  return { clock, faults, wheel, depths, task: () => void depths.push(outbox.depth) }
}

const fails = (): never => {
  throw new Error('a bug')
}

describe('an alarm', () => {
  test('goes off once, never early, as an event of its own', () => {
    const { clock, wheel, depths, task } = waiting()
    const alarm = new Alarm(wheel, 250, task)
    clock.advance(249)
    expect(depths).toEqual([])
    clock.advance(5000)
    alarm.cancel()
    expect([depths, outbox.depth, clock.pending()]).toEqual([[1], 0, 0])
  })

  test('that is cancelled does not, and leaves no timer', () => {
    const { clock, wheel, depths, task } = waiting()
    const alarm = new Alarm(wheel, 250, task)
    alarm.cancel()
    alarm.cancel()
    clock.advance(5000)
    expect([depths, clock.pending()]).toEqual([[], 0])
  })

  test('whose task fails is over all the same', () => {
    const { clock, wheel, faults } = waiting()
    void new Alarm(wheel, 10, fails)
    clock.advance(1000)
    expect([faults.length, outbox.depth]).toEqual([1, 0])
  })
})

describe('later', () => {
  test('does a task to the millisecond, as an event of its own', () => {
    const { clock, depths, task } = waiting()
    later(clock, 3, task)
    clock.advance(2)
    expect(depths).toEqual([])
    clock.advance(1)
    expect([depths, outbox.depth]).toEqual([[1], 0])
  })

  test('does nothing that was cancelled, and leaves the event when the task fails', () => {
    const { clock, depths, task } = waiting()
    later(clock, 3, task)()
    later(clock, 3, fails)
    expect(() => clock.advance(3)).toThrow('a bug')
    expect([depths, outbox.depth]).toEqual([[], 0])
  })
})
