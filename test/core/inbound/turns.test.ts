import { describe, expect, test } from 'bun:test'
import { createTurns } from '../../../core/inbound/turns.ts'

/** Turns whose ticks the test makes. */
function make() {
  const due: (() => void)[] = []
  const faults: unknown[] = []
  const turns = createTurns({ soon: (task) => void due.push(task) }, (error) => faults.push(error))
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
