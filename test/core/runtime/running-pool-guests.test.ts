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

describe('guests of a pool', () => {
  test('take requests once they are told to drain no more, and none once they have gone', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2, { isDraining: true })])
    expect(picked(started)).toEqual([idOf(1)])
    const guest = started.pool.backends[1]
    started.pool.invite([makeMember(2, { weight: 0.25 })])
    expect(picked(started)).toEqual([1, 2].map(idOf))
    expect([started.pool.backends[1], guest?.configuredWeight]).toEqual([guest as never, 0.25])
    started.pool.invite([])
    expect(picked(started)).toEqual([idOf(1)])
  })

  test('stay over reloads, and are the same backends when the config names them', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2, { weight: 0.25 })])
    const guest = started.pool.backends[1]
    await started.change([1, 3])
    expect(started.pool.backends.map(({ id }) => id)).toEqual([1, 3, 2].map(idOf))
    await started.change([1, 2])
    expect(started.pool.backends[1]).toBe(guest as never)
    started.pool.invite([])
    expect([started.pool.backends[1], guest?.configuredWeight]).toEqual([guest as never, 1])
  })

  test('are not what a source says of them, and stay when it names them no more', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2, { weight: 0.25 })])
    started.pool.change({ put: [makeMember(2, { weight: 9 })], gone: [], isLast: true })
    expect(started.pool.backends[1]?.configuredWeight).toBe(0.25)
    started.pool.change({ put: [], gone: [idOf(2)], isLast: true })
    expect(picked(started)).toEqual([1, 2].map(idOf))
  })

  test('that a source names as well stay with the source when they are guests no more', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2)])
    started.pool.change({ put: [makeMember(2, { weight: 9 })], gone: [], isLast: true })
    started.pool.invite([])
    expect(started.pool.backends[1]?.configuredWeight).toBe(9)
  })

  test('finish what they have begun when they go, which is told while it lasts', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2)])
    const [, guest] = started.pool.backends
    if (guest === undefined) throw new Error('no guest')
    const attempt = started.pool.snapshot().balancer.begin(guest, 0)
    started.pool.invite([])
    expect(started.pool.leftOver([idOf(2)])).toBe(1)
    expect(started.pool.leftOver([idOf(1)])).toBe(0)
    attempt.end({ kind: 'completed', status: 200, elapsedMs: 1 }, 1)
    expect(started.pool.leftOver([idOf(2)])).toBe(0)
  })

  test('are gone when their pool has retired and is back', async () => {
    using started = await startPool([1])
    started.pool.invite([makeMember(2)])
    started.pool.retire()
    await started.change([1])
    expect(started.pool.backends.map(({ id }) => id)).toEqual([idOf(1)])
  })

  test('bring somebody who hears of every attempt, until they leave', async () => {
    using started = await startPool([1])
    const heard: string[] = []
    const observer = { onEnd: ({ id }: { readonly id: string }) => void heard.push(id) }
    const ask = (): void => {
      const { balancer } = started.pool.snapshot()
      const [backend] = started.pool.backends
      if (backend === undefined) throw new Error('no backend')
      balancer.begin(backend, 0).end({ kind: 'completed', status: 200, elapsedMs: 1 }, 1)
    }
    started.pool.invite([makeMember(2)], observer)
    await started.change([1])
    ask()
    started.pool.invite([])
    ask()
    expect(heard).toEqual([idOf(1)])
  })
})
