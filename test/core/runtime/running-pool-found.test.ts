import { describe, expect, test } from 'bun:test'
import { makeMember } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
import { startPool } from '../../support/running-pool.ts'

type Started = Awaited<ReturnType<typeof startPool>>

const idOf = (port: number): string => `127.0.0.1:${port}`
const context = contextOf({ random: () => 0.5 })
const picked = ({ pool }: Started): string[] => {
  const picks = Array.from({ length: 20 }, () => pool.snapshot().balancer.pick(context, [])?.id ?? 'nobody')
  return [...new Set(picks)].toSorted()
}
const change = ({ pool }: Started, put: readonly number[], gone: readonly number[], isLast = true): void =>
  pool.change({ put: put.map((port) => makeMember(port)), gone: gone.map(idOf), isLast })

describe('members that a pool’s sources have found', () => {
  test('take requests beside the configured ones, and none once they have gone', async () => {
    using started = await startPool([1])
    change(started, [2, 3], [])
    expect(picked(started)).toEqual([1, 2, 3].map(idOf))
    change(started, [], [2])
    expect(picked(started)).toEqual([1, 3].map(idOf))
  })

  test('take requests when the last step of a change is made, and not before', async () => {
    using started = await startPool([1])
    change(started, [2], [], false)
    expect(picked(started)).toEqual([idOf(1)])
    change(started, [3], [])
    expect(picked(started)).toEqual([1, 2, 3].map(idOf))
  })

  test('stay over reloads, the same objects', async () => {
    using started = await startPool([1])
    change(started, [2], [])
    const before = started.pool.backends[1]
    await started.change([1, 4])
    expect(started.pool.backends.map(({ id }) => id)).toEqual([1, 4, 2].map(idOf))
    expect(started.pool.backends[2]).toBe(before as never)
  })

  test('are what the config says where it names them, too, and what the source says again once it does not', async () => {
    using started = await startPool([1])
    const { pool } = started
    pool.change({ put: [makeMember(1, { weight: 7 }), makeMember(2)], gone: [], isLast: true })
    const [one] = pool.backends
    expect([pool.backends.length, one?.configuredWeight]).toEqual([2, 1])
    await started.change([])
    expect(pool.backends[0]).toBe(one as never)
    expect(one?.configuredWeight).toBe(7)
  })

  test('leave the configured one in place when its source names it no more', async () => {
    using started = await startPool([1])
    change(started, [1], [])
    change(started, [], [1])
    expect(picked(started)).toEqual([idOf(1)])
  })

  test('take no new requests once they drain, and go on as they were otherwise', async () => {
    using started = await startPool([1])
    change(started, [2], [])
    const two = started.pool.backends[1]
    started.pool.change({ put: [makeMember(2, { isDraining: true })], gone: [], isLast: true })
    expect(picked(started)).toEqual([idOf(1)])
    expect(started.pool.backends[1]).toBe(two as never)
  })

  test('are none any more when their pool had gone and is back, until its sources say so again', async () => {
    using started = await startPool([1])
    change(started, [2], [])
    const two = started.pool.backends[1]
    started.pool.retire()
    await started.change([1])
    expect(started.pool.backends.map(({ id }) => id)).toEqual([idOf(1)])
    expect(picked(started)).toEqual([idOf(1)])
    change(started, [2], [])
    expect(started.pool.backends[1]).toBe(two as never)
    expect(picked(started)).toEqual([1, 2].map(idOf))
  })

  test('finish what they have begun when they go, and are taken back with it when they are found again', async () => {
    using started = await startPool([1])
    change(started, [2], [])
    const two = started.pool.backends[1] as NonNullable<(typeof started.pool.backends)[1]>
    const asked = started.ask(two)
    change(started, [], [2])
    expect(started.pool.isGone).toBe(false)
    change(started, [2], [])
    expect(started.pool.backends[1]).toBe(two)
    expect(started.pool.isGone).toBe(true)
    if (asked !== undefined) started.answer(asked.socket)
    expect(asked?.sink.log).toContain('response 200')
  })

  test('are cut when their time is over', async () => {
    using started = await startPool([1])
    change(started, [2], [])
    change(started, [], [2])
    started.clock.advance(5000)
    expect(started.pool.isGone).toBe(true)
  })

  test('that nobody has are no reason to fail', async () => {
    using started = await startPool([1])
    change(started, [], [9])
    expect(picked(started)).toEqual([idOf(1)])
  })
})
