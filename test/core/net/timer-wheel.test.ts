import { describe, expect, test } from 'bun:test'
import { type TimerEntry, TimerWheel, unarmed } from '../../../core/net/timer-wheel.ts'
import { fail } from '../../support/fail.ts'
import { seededRandom } from '../../../core/random.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function makeWheel(tickMs = 100) {
  const clock = virtualClock(12_345)
  const startMs = clock.now()
  const faults: unknown[] = []
  const wheel = new TimerWheel(clock, (error) => faults.push(error), tickMs)
  /** Ms since the start at which each entry fired, in order. */
  const fired: [name: string, atMs: number][] = []
  const entry = (name: string, then: () => void = () => {}): TimerEntry => ({
    timer: unarmed(),
    onTimeout() {
      fired.push([name, clock.now() - startMs])
      then()
    },
  })
  return { clock, wheel, fired, faults, entry, names: () => fired.map(([name]) => name) }
}

describe('a timer wheel', () => {
  test.each([0, 1, 50, 99, 100, 101, 1000, 51_100, 51_200, 51_300, 75_000, 3_600_000])(
    'fires once, within three ticks behind %p ms and never early',
    (delayMs) => {
      const { clock, wheel, fired, entry } = makeWheel()
      wheel.arm(entry('a'), delayMs)
      clock.advance(delayMs + 5000)
      expect(fired).toHaveLength(1)
      expect(fired[0]![1]).toBeGreaterThanOrEqual(delayMs)
      expect(fired[0]![1]).toBeLessThanOrEqual(delayMs + 300)
    },
  )

  test('fires in the order of time, whatever the order of arming', () => {
    const { clock, wheel, entry, names } = makeWheel()
    for (const ms of [3000, 100, 60_000, 500]) wheel.arm(entry(`${ms}`), ms)
    clock.advance(100_000)
    expect(names()).toEqual(['100', '500', '3000', '60000'])
  })

  test('goes by the last arming, later or sooner', () => {
    const { clock, wheel, fired, entry } = makeWheel()
    const [later, sooner] = [entry('later'), entry('sooner')]
    wheel.arm(later, 1000)
    wheel.arm(sooner, 60_000)
    clock.advance(500)
    wheel.arm(later, 1000)
    wheel.arm(sooner, 200)
    clock.advance(100_000)
    expect(fired.map(([name]) => name)).toEqual(['sooner', 'later'])
    expect(fired[1]![1]).toBeGreaterThanOrEqual(1500)
    expect(fired[1]![1]).toBeLessThanOrEqual(1800)
  })

  test('fires neither what is disarmed nor what is removed', () => {
    const { clock, wheel, entry, names } = makeWheel()
    const [disarmed, removed, rearmed] = [entry('disarmed'), entry('removed'), entry('rearmed')]
    for (const one of [disarmed, removed, rearmed]) wheel.arm(one, 1000)
    wheel.disarm(disarmed)
    wheel.remove(removed)
    wheel.remove(removed)
    wheel.disarm(rearmed)
    wheel.arm(rearmed, 2000)
    clock.advance(10_000)
    expect(names()).toEqual(['rearmed'])
  })

  test('lets an entry arm itself again', () => {
    const { clock, wheel, fired, entry } = makeWheel()
    const again = entry('again', () => fired.length < 3 && wheel.arm(again, 1000))
    wheel.arm(again, 1000)
    clock.advance(10_000)
    expect(fired).toHaveLength(3)
    expect(fired[2]![1]).toBeGreaterThanOrEqual(3000)
  })

  test('fires the rest when one removes its neighbours', () => {
    const { clock, wheel, entry, names } = makeWheel()
    const entries: TimerEntry[] = []
    const removeNext = (index: number) => () => wheel.remove(entries[index]!)
    for (let index = 0; index < 6; index += 1) {
      // They are visited last armed first: each third removes the one that would be next.
      entries.push(entry(`${index}`, index % 3 === 2 ? removeNext(index - 1) : undefined))
    }
    for (const one of entries) wheel.arm(one, 1000)
    clock.advance(1400)
    expect(names()).toEqual(['5', '3', '2', '0'])
    expect(clock.pending()).toBe(0)
  })

  test('lets the clock rest when nobody waits', () => {
    const { clock, wheel, entry } = makeWheel()
    expect(clock.pending()).toBe(0)
    wheel.arm(entry('a'), 1000)
    expect(clock.pending()).toBe(1)
    clock.advance(2000)
    expect(clock.pending()).toBe(0)
  })

  test('fires what was armed behind a long rest at its time', () => {
    const { clock, wheel, fired, entry } = makeWheel()
    wheel.arm(entry('a'), 100)
    clock.advance(1_000_000)
    wheel.arm(entry('b'), 1000)
    clock.advance(900)
    expect(fired).toHaveLength(1)
    clock.advance(400)
    expect(fired).toHaveLength(2)
  })

  describe('behind a standstill of the process', () => {
    /** A clock whose timers come as late as a stopped process makes them. */
    function stalling() {
      const clock = virtualClock()
      let stallMs = 0
      const late = { ...clock, now: () => clock.now() + stallMs }
      const wheel = new TimerWheel(late, fail)
      const fired: number[] = []
      const arm = (ms: number): void => wheel.arm({ timer: unarmed(), onTimeout: () => fired.push(ms) }, ms)
      return { clock, fired, arm, stall: (ms: number) => (stallMs += ms) }
    }

    test('gives everybody the time that was left', () => {
      const { clock, fired, arm, stall } = stalling()
      for (const ms of [1000, 5000, 60_000]) arm(ms)
      clock.advance(500)
      stall(120_000)
      clock.advance(400)
      expect(fired).toEqual([])
      clock.advance(500)
      expect(fired).toEqual([1000])
      clock.advance(4000)
      expect(fired).toEqual([1000, 5000])
      clock.advance(60_000)
      expect(fired).toEqual([1000, 5000, 60_000])
    })

    test('is never early for what was armed late in it', () => {
      for (const lagMs of [10, 50, 90, 99, 100, 150, 1000]) {
        const { clock, fired, arm, stall } = stalling()
        arm(60_000)
        clock.advance(199)
        stall(lagMs)
        arm(200)
        clock.advance(199)
        expect(fired).toEqual([])
        clock.advance(301)
        expect(fired).toEqual([200])
      }
    })
  })

  test('makes up for ticks that come late, each by less than a tick', () => {
    const clock = virtualClock()
    // Every timer comes 30 ms late.
    const late = { ...clock, after: (ms: number, task: () => void) => clock.after(ms + 30, task) }
    const wheel = new TimerWheel(late, fail)
    let firedAt = 0
    wheel.arm({ timer: unarmed(), onTimeout: () => (firedAt = clock.now()) }, 60_000)
    clock.advance(70_000)
    expect(firedAt).toBeGreaterThanOrEqual(60_000)
    expect(firedAt).toBeLessThanOrEqual(60_330)
  })

  test('goes on when an entry throws', () => {
    const { clock, wheel, entry, names, faults } = makeWheel()
    const fails = entry('fails', () => {
      throw new Error('a bug')
    })
    wheel.arm(entry('same tick'), 1000)
    wheel.arm(fails, 1000)
    wheel.arm(entry('later'), 2000)
    clock.advance(60_000)
    expect(faults.map(String)).toEqual(['Error: a bug'])
    expect(names()).toEqual(['fails', 'same tick', 'later'])
  })

  test('agrees with a plain list over many random steps', () => {
    const random = seededRandom(7)
    const { clock, wheel, fired, entry } = makeWheel()
    const startMs = clock.now()
    const due = new Map<string, number>()
    const entries = Array.from({ length: 40 }, (_, index) => entry(`${index}`))
    for (let step = 0; step < 5000; step += 1) {
      const index = Math.floor(random() * entries.length)
      const action = random()
      if (action < 0.5) {
        const delayMs = Math.floor(random() ** 4 * 120_000)
        wheel.arm(entries[index]!, delayMs)
        due.set(`${index}`, clock.now() - startMs + delayMs)
      } else if (action < 0.6) {
        wheel.disarm(entries[index]!)
        due.delete(`${index}`)
      } else if (action < 0.7) {
        wheel.remove(entries[index]!)
        due.delete(`${index}`)
      } else {
        clock.advance(Math.floor(random() * 400))
        for (const [name, atMs] of fired.splice(0)) {
          expect(atMs - due.get(name)!).toBeGreaterThanOrEqual(0)
          expect(atMs - due.get(name)!).toBeLessThanOrEqual(300)
          due.delete(name)
        }
        for (const atMs of due.values()) expect(clock.now() - startMs - atMs).toBeLessThanOrEqual(300)
      }
    }
  })
})
