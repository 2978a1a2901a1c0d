import { describe, expect, test } from 'bun:test'
import type { Member } from '../../../core/backend/member.ts'
import { type Finder, Intake, type MemberChanges, merge } from '../../../core/discovery/intake.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { makeMember } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const listOf = (...ports: number[]): ReadonlyMap<string, Member> =>
  new Map(ports.map((port) => [`127.0.0.1:${port}`, makeMember(port)]))

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index)

/** A pool that takes what it is given, and turns of the event loop that come when the test says. */
function taking() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const steps: MemberChanges[] = []
  const found = new Map<string, Member>()
  const turns: (() => void)[] = []
  let lists: readonly ReadonlyMap<string, Member>[] = []
  let pool: Finder | undefined = {
    found,
    change(changes) {
      steps.push(changes)
      for (const member of changes.put) found.set(member.id, member)
      for (const id of changes.gone) found.delete(id)
    },
  }
  const intake = new Intake({
    pool: 'web',
    clock: { ...clock, soon: (task) => void turns.push(task) },
    emit: (event) => void events.push(event),
    into: () => pool,
    lists: () => lists,
  })
  return {
    intake,
    clock,
    events,
    steps,
    ports: () => [...found.keys()].map((id) => Number(id.split(':')[1])),
    list: (...next: ReadonlyMap<string, Member>[]): void => {
      lists = next
      intake.poke()
      clock.advance(0)
    },
    turn: () => turns.shift()?.(),
    settle: (): void => {
      while (turns.length > 0) turns.shift()?.()
    },
    removePool: () => void (pool = undefined),
  }
}

describe('members that are found', () => {
  test('are put into the pool at once, and taken out', () => {
    const { list, ports, clock, settle } = taking()
    list(listOf(1, 2))
    expect(ports()).toEqual([1, 2])
    settle()
    clock.advance(100)
    list(listOf(2, 3))
    settle()
    expect(ports()).toEqual([2, 3])
  })

  test('are changed no more often than every 100 ms, and then to what they are by then', () => {
    const { list, steps, clock, ports, settle } = taking()
    list(listOf(1))
    settle()
    for (const port of range(2, 50)) list(listOf(port))
    clock.advance(99)
    expect(steps).toHaveLength(1)
    clock.advance(1)
    settle()
    expect([steps.length, ports()]).toEqual([2, [51]])
  })

  test('cost nothing when nothing has changed', () => {
    const { list, steps, clock, settle } = taking()
    list(listOf(1))
    settle()
    clock.advance(100)
    list(listOf(1))
    settle()
    expect(steps).toHaveLength(1)
  })

  test('come 200 a turn, as many as leave', () => {
    const { list, steps, clock, settle, ports } = taking()
    list(listOf(...range(1, 300)))
    settle()
    clock.advance(100)
    steps.length = 0
    list(listOf(...range(1001, 300)))
    settle()
    expect(steps.map(({ put, gone, isLast }) => [put.length, gone.length, isLast])).toEqual([
      [100, 100, false],
      [100, 100, false],
      [100, 100, true],
    ])
    expect(ports()).toEqual(range(1001, 300))
  })

  test.each([
    [
      range(1001, 300),
      1,
      [
        [199, 1],
        [101, 0],
      ],
    ],
    [
      [1001],
      300,
      [
        [1, 199],
        [0, 101],
      ],
    ],
  ])('come 200 a turn, however few of either there are (%#)', (coming, leaving, expected) => {
    const { list, steps, clock, settle } = taking()
    list(listOf(...range(1, leaving)))
    settle()
    clock.advance(100)
    steps.length = 0
    list(listOf(...coming))
    settle()
    expect(steps.map(({ put, gone }) => [put.length, gone.length])).toEqual(expected)
  })

  test('are what is listed now, though it changes while they are put in', () => {
    const { list, clock, turn, settle, ports } = taking()
    list(listOf(...range(1, 1000)))
    turn()
    clock.advance(100)
    list(listOf(...range(1, 120)))
    settle()
    expect(ports()).toEqual(range(1, 120))
  })

  test('that are otherwise are put in anew', () => {
    const { list, clock, steps, settle } = taking()
    list(listOf(1, 2))
    settle()
    clock.advance(100)
    const heavier = makeMember(2, { weight: 5 })
    list(new Map([...listOf(1), [heavier.id, heavier]]))
    settle()
    expect(steps.at(-1)).toEqual({ put: [heavier], gone: [], isLast: true })
  })

  test('are told once a second', () => {
    const { list, clock, events, settle } = taking()
    for (const port of range(1, 10)) {
      list(listOf(port))
      settle()
      clock.advance(100)
    }
    settle()
    expect(events).toEqual([{ kind: 'discovery-changed', pool: 'web', added: 10, removed: 9, members: 1 }])
  })

  test('are put into no pool that is not there', () => {
    const { list, removePool, steps } = taking()
    removePool()
    list(listOf(1))
    expect(steps).toEqual([])
  })

  test('stay as they are once it is stopped', () => {
    const { intake, list, settle, steps, clock, turn } = taking()
    list(listOf(...range(1, 300)))
    list(listOf(1))
    turn()
    intake.stop()
    settle()
    clock.advance(60_000)
    expect([steps.length, clock.pending()]).toEqual([1, 0])
  })
})

describe('merge', () => {
  test('has the first of several lists that name one member count', () => {
    const first = makeMember(1, { weight: 2 })
    const merged = merge([new Map([[first.id, first]]), listOf(1, 2), listOf(2, 3)])
    expect([...merged.values()]).toEqual([first, makeMember(2), makeMember(3)])
  })

  test('of no list is nobody', () => expect(merge([]).size).toBe(0))
})
