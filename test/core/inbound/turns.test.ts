import { describe, expect, test } from 'bun:test'
import { createTurns } from '../../../core/inbound/turns.ts'

/** Turns whose ticks the test makes. */
function make() {
  const due: (() => void)[] = []
  const faults: unknown[] = []
  const time = { now: 0 }
  const clock = { now: () => time.now, soon: (task: () => void) => void due.push(task) }
  const turns = createTurns(clock, (error) => faults.push(error))
  const had: number[] = []
  /** Asks for a turn of the same one, as often as it is called. */
  function waitAs(index: number, then = (): void => undefined) {
    const onTurn = (): void => {
      had.push(index)
      then()
    }
    const waiting = { onTurn }
    return (): void => turns.wait(waiting)
  }
  return {
    faults,
    had,
    due,
    time,
    turns,
    waitAs,
    wait: (index: number, then?: () => void) => waitAs(index, then)(),
    tick: () => due.shift()?.(),
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('turns', () => {
  test('come in order, some of many in each tick', () => {
    const { wait, tick, had, due } = make()
    for (const index of range(40)) wait(index)
    for (const count of [16, 32, 40]) {
      expect(due).toHaveLength(1)
      tick()
      expect(had).toEqual(range(count))
    }
    expect(due).toHaveLength(0)
  })

  test('that take long together leave the rest to the next tick', () => {
    const { wait, tick, had, time, turns } = make()
    const over: boolean[] = []
    for (const index of range(5))
      wait(index, () => {
        over.push(turns.isOver)
        time.now += 0.3
        over.push(turns.isOver)
      })
    tick()
    expect([had, over]).toEqual([
      [0, 1],
      [false, false, false, true],
    ])
    expect([turns.isBusy, turns.isOver]).toEqual([true, false])
    tick()
    tick()
    expect([had, turns.isBusy, turns.rounds]).toEqual([range(5), false, 3])
  })

  test('of those who are known and of strangers alternate', () => {
    const { turns, had, tick } = make()
    const wait = (index: number, isKnown: boolean): void => turns.wait({ onTurn: () => void had.push(index) }, isKnown)
    for (const index of range(4)) wait(index, false)
    for (const index of [10, 11]) wait(index, true)
    tick()
    expect(had).toEqual([10, 0, 11, 1, 2, 3])
  })

  test('of neither kind wait for all of the other, even where each takes all of a tick', () => {
    const { turns, had, tick, time } = make()
    const wait = (index: number, isKnown: boolean): void => {
      const again = {
        onTurn() {
          had.push(index)
          time.now += 1
          turns.wait(again, isKnown)
        },
      }
      turns.wait(again, isKnown)
    }
    for (const index of [0, 1]) wait(index, false)
    for (const index of [10, 11]) wait(index, true)
    for (const _ of range(6)) tick()
    expect(had).toEqual([10, 0, 11, 1, 10, 0])
  })

  test('of what is short come before all others, and all at once', () => {
    const { wait, tick, had, turns } = make()
    for (const index of range(40)) wait(index)
    const short = { onTurn: () => void had.push(100) }
    const other = { onTurn: () => void had.push(200) }
    for (const one of [short, other, short]) turns.next(one)
    tick()
    expect(had).toEqual([100, 200, ...range(16)])
    turns.next(short)
    tick()
    expect(had).toEqual([100, 200, ...range(16), 100, ...range(32).slice(16)])
  })

  test('asked for again come behind those that wait already', () => {
    const { wait, tick, had, due } = make()
    wait(0, () => wait(2))
    wait(1)
    tick()
    expect(had).toEqual([0, 1])
    expect(due).toHaveLength(1)
    tick()
    expect(had).toEqual([0, 1, 2])
    expect(due).toHaveLength(0)
  })

  test('asked for twice are one, in the first place', () => {
    const { waitAs, tick, had, due } = make()
    const [one, other] = [waitAs(0), waitAs(1)]
    for (const wait of [one, other, one]) wait()
    tick()
    expect([had, due]).toEqual([[0, 1], []])
    one()
    tick()
    expect(had).toEqual([0, 1, 0])
  })

  test('of others go on behind one that throws', () => {
    const { wait, tick, had, faults, due } = make()
    const fault = new Error('a bug')
    wait(0, () => {
      throw fault
    })
    wait(1)
    tick()
    expect([had, faults, due]).toEqual([[0, 1], [fault], []])
    wait(2)
    tick()
    expect(had).toEqual([0, 1, 2])
  })
})
