import { describe, expect, test } from 'bun:test'
import { createQueue, joinWaiting } from '../../../core/control/queue.ts'

/** Joined calls that note what each was made with, and wait until `open` is called. */
function setUp() {
  const queue = createQueue()
  const made: string[] = []
  let gate = Promise.withResolvers<void>()
  const ask = joinWaiting(queue, async (all: readonly string[]) => {
    made.push(all.join('+'))
    await gate.promise
    return made.length
  })
  const open = (): void => {
    gate.resolve()
    gate = Promise.withResolvers()
  }
  const begun = async (count: number): Promise<void> => {
    while (made.length < count) await Promise.resolve()
  }
  return { queue, made, ask, open, begun }
}

describe('createQueue', () => {
  test('runs one task after the other, also behind one that rejects', async () => {
    const queue = createQueue()
    const order: string[] = []
    const first = queue(async () => {
      order.push('a begins')
      await Promise.resolve()
      order.push('a ends')
      throw new Error('no')
    })
    const second = queue(async () => void order.push('b'))
    expect(await first.catch(String)).toBe('Error: no')
    await second
    expect(order).toEqual(['a begins', 'a ends', 'b'])
  })

  test('knows which task was asked for last', async () => {
    const queue = createQueue()
    const first = queue(async () => 1)
    expect(queue.isLast(first)).toBe(true)
    const second = queue(async () => 2)
    expect([queue.isLast(first), queue.isLast(second)]).toEqual([false, true])
    await second
  })
})

describe('joinWaiting', () => {
  test('makes one call of those that wait', async () => {
    const { made, ask, open, begun } = setUp()
    const all = [ask('a'), ask('b'), ask('c')]
    await begun(1)
    open()
    expect(await Promise.all(all)).toEqual([1, 1, 1])
    expect(made).toEqual(['a+b+c'])
  })

  test('begins a new one while another is under way', async () => {
    const { made, ask, open, begun } = setUp()
    const first = ask('a')
    await begun(1)
    const others = [ask('b'), ask('c')]
    open()
    await first
    await begun(2)
    open()
    expect(await Promise.all(others)).toEqual([2, 2])
    expect(made).toEqual(['a', 'b+c'])
  })

  test('lets nobody overtake what was asked for in between', async () => {
    const { queue, made, ask, open, begun } = setUp()
    const all = [ask('a'), queue(async () => void made.push('other')), ask('b')]
    await begun(1)
    open()
    await begun(3)
    open()
    await Promise.all(all)
    expect(made).toEqual(['a', 'other', 'b'])
  })

  test('begins anew behind one that rejected', async () => {
    const queue = createQueue()
    let calls = 0
    const ask = joinWaiting(queue, async () => {
      calls += 1
      if (calls === 1) throw new Error('no')
      return calls
    })
    expect(await ask('a').catch(String)).toBe('Error: no')
    expect(await ask('b')).toBe(2)
  })
})
