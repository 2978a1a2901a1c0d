import { describe, expect, test } from 'bun:test'
import { DescriptorBudget } from '../../../core/net/budget.ts'
import type { Pipe } from '../../../core/net/pipe.ts'
import { Pipes } from '../../../core/net/pipes.ts'
import type { Transport } from '../../../core/net/transport.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** Pipes of a transport that opens as many as are asked for, in a budget of 32 descriptors. */
function piping(opens: () => boolean = () => true) {
  const shortages: string[] = []
  const budget = new DescriptorBudget({
    limit: 64,
    free: () => undefined,
    clock: virtualClock(),
    onShortage: (detail) => void shortages.push(detail),
  })
  let opened = 0
  const closed: number[] = []
  const openPipe = () => {
    if (!opens()) return undefined
    const reader = (opened += 1)
    return { reader, writer: -reader, close: () => void closed.push(reader) }
  }
  const pipes = new Pipes({ openPipe } as unknown as Transport, budget)
  const take = (): Pipe => {
    const pipe = pipes.take()
    if (pipe === undefined) throw new Error('no pipe')
    return pipe
  }
  /** Descriptors that can still be had. */
  const left = (): number => {
    let count = 0
    while (budget.takeQuietly(1)) count += 1
    for (let given = 0; given < count; given += 1) budget.give()
    return count
  }
  return { pipes, budget, shortages, closed, take, left, opened: () => opened }
}

describe('pipes', () => {
  test('are kept and lent out again', () => {
    const { take, opened, closed } = piping()
    const pipe = take()
    pipe.endFeeding()
    expect(take()).toBe(pipe)
    take()
    expect([opened(), closed]).toEqual([2, []])
  })

  test('are closed with those who use them: idle ones at once, others once they are free', () => {
    const { pipes, take, closed, left } = piping()
    const [used, idle] = [take(), take()]
    idle.endFeeding()
    pipes.close()
    expect(closed).toEqual([2])
    used.endFeeding()
    expect([closed, left()]).toEqual([[2, 1], 32])
  })

  test('count for two descriptors each, used or idle', () => {
    const { take, left } = piping()
    const before = left()
    take()
    take().endFeeding()
    expect(left()).toBe(before - 4)
  })

  test('come back when what was in them has left them', () => {
    const { pipes, take } = piping()
    const pipe = take()
    pipe.pending = 3
    pipe.endFeeding()
    expect(pipes.take()).not.toBe(pipe)
    pipe.onLeft(2)
    expect(pipes.take()).not.toBe(pipe)
    pipe.onLeft(1)
    expect(pipes.take()).toBe(pipe)
  })

  test.each([
    ['before it is fed no more', (pipe: Pipe) => (pipe.abandon(), pipe.endFeeding())],
    ['behind that', (pipe: Pipe) => (pipe.endFeeding(), pipe.abandon())],
  ])('are closed with something left in them, abandoned %s', (_when, leave) => {
    const { take, left, closed } = piping()
    const before = left()
    const pipe = take()
    pipe.pending = 1
    leave(pipe)
    expect([closed, left()]).toEqual([[1], before])
  })

  test('give way to connections when they are idle', () => {
    const { budget, take, closed, shortages } = piping()
    const idle = take()
    const used = take()
    idle.endFeeding()
    while (budget.take());
    expect([closed, shortages.length]).toEqual([[1], 1])
    expect(used.pending).toBe(0)
  })

  test('are not had at the cost of others, nor told of', () => {
    const { budget, pipes, shortages, opened } = piping()
    while (budget.takeQuietly(1));
    budget.give()
    expect(pipes.take()).toBeUndefined()
    expect([shortages, opened()]).toEqual([[], 0])
    budget.give()
    expect(pipes.take()).toBeDefined()
  })

  test('cost no descriptors where the system has none', () => {
    const { pipes, left } = piping(() => false)
    const before = left()
    expect(pipes.take()).toBeUndefined()
    expect(left()).toBe(before)
  })
})
