import { describe, expect, test } from 'bun:test'
import { Waits } from '../../../core/health/waits.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

const [one, two] = [makeBackend(1), makeBackend(2)]

function waiting(clock: VirtualClock = virtualClock(5000)) {
  const due: string[] = []
  const waits = new Waits(clock)
  const wait = (backend: typeof one, at: number | undefined, what = 'due') =>
    waits.set(backend, at, () => due.push(`${what} ${backend.id.slice(-1)} at ${clock.now()}`))
  return { clock, due, wait, waits }
}

describe('what backends wait for', () => {
  test('is told once each, when it is time', () => {
    const { clock, due, wait } = waiting()
    wait(one, 5010)
    wait(two, 5005)
    clock.advance(100)
    expect([due, clock.pending()]).toEqual([['due 2 at 5005', 'due 1 at 5010'], 0])
  })

  test('is what was said last', () => {
    const { clock, due, wait } = waiting()
    wait(one, 5010, 'first')
    wait(one, 5020, 'second')
    wait(two, 5010)
    wait(two, undefined)
    clock.advance(100)
    expect([due, clock.pending()]).toEqual([['second 1 at 5020'], 0])
  })

  test('is told soon when it is past', () => {
    const { clock, due, wait } = waiting()
    wait(one, 4000)
    expect(due).toEqual([])
    clock.advance(0)
    expect(due).toEqual(['due 1 at 5000'])
  })

  test('is not told before its time by a timer that is early', () => {
    const clock = virtualClock(5000)
    const early = { ...clock, after: (ms: number, task: () => void) => clock.after(Math.max(1, ms - 0.5), task) }
    const { due, wait } = waiting(early)
    wait(one, 5010)
    clock.advance(9.6)
    expect(due).toEqual([])
    clock.advance(1)
    expect(due).toEqual(['due 1 at 5010.5'])
  })

  test('is nothing any more once all is over', () => {
    const { clock, due, wait, waits } = waiting()
    wait(one, 5010)
    wait(two, 5010)
    waits.clear()
    clock.advance(100)
    expect([due, clock.pending()]).toEqual([[], 0])
  })
})
