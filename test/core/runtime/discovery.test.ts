import { describe, expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import type { ReadText } from '../../../core/discovery/file.ts'
import type { DiscoveryPolicy } from '../../../core/discovery/policy.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Discovery } from '../../../core/runtime/discovery.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { testConfig, testPool } from '../../support/edge.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { fail } from '../../support/fail.ts'
import { startPool } from '../../support/running-pool.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const fileAt = (path: string, guardMs?: number): DiscoveryPolicy => ({ source: { kind: 'file', path }, guardMs })

const many = Array.from({ length: 1000 }, (_, index) => index + 1)

/** Two pools without members of their own, and files that the test writes. */
async function finding() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const files = new Map<string, string>()
  /** Who watches each file; none watches one whose source has been stopped. */
  const watches: string[] = []
  let isHung = false
  const tellOf = new Map<string, () => void>()
  const web = await startPool([])
  const api = await startPool([])
  const running = new Map([
    ['web', web.pool],
    ['api', api.pool],
  ])
  const readText: ReadText = (path) => {
    const text = files.get(path)
    return text === undefined ? { kind: 'missing' } : { kind: 'text', text }
  }
  const discovery = new Discovery({
    clock,
    emit: (event) => void events.push(event),
    pools: { running },
    services: {
      ...sourceServices({ clock, random: () => 0, reportFault: fail }),
      clock: { ...clock, soon: (task) => isHung || clock.soon(task) },
      readText,
      watchFile(path, onChange) {
        watches.push(path)
        tellOf.set(path, onChange)
        return () => void watches.splice(watches.indexOf(path), 1)
      },
    },
  })
  const configOf = (pools: Readonly<Record<string, readonly DiscoveryPolicy[] | undefined>>): Config =>
    testConfig({
      pools: Object.entries(pools).map(([name, sources]) => ({
        ...testPool([]),
        name,
        ...(sources && { discovery: sources }),
      })),
    })
  return {
    clock,
    events,
    discovery,
    watches,
    running,
    /** Long lists are read no further. */
    hang: () => void (isHung = true),
    write(path: string, ...ports: number[]) {
      files.set(path, JSON.stringify(ports.map((port) => `http://127.0.0.1:${port}`)))
      tellOf.get(path)?.()
    },
    prepare: (pools: Parameters<typeof configOf>[0]) => discovery.prepare(configOf(pools)),
    commit: async (pools: Parameters<typeof configOf>[0]) => (await discovery.prepare(configOf(pools))).commit(),
    ports: (pool = 'web') => running.get(pool)?.backends.map(({ id }) => Number(id.split(':')[1])),
    [Symbol.dispose]() {
      discovery.stop()
      web[Symbol.dispose]()
      api[Symbol.dispose]()
    },
  }
}

describe('discovery', () => {
  test('has found who is there before its pool is in force', async () => {
    using found = await finding()
    found.write('/a', 1, 2)
    const move = await found.prepare({ web: [fileAt('/a')] })
    expect(found.ports()).toEqual([])
    move.commit()
    expect(found.ports()).toEqual([1, 2])
  })

  test('brings everybody in at once in the beginning, however many they are', async () => {
    using found = await finding()
    found.write('/a', ...many)
    await found.commit({ web: [fileAt('/a')] })
    expect(found.ports()).toEqual(many)
  })

  test('waits three seconds for a source that says nothing, and goes on without it', async () => {
    using found = await finding()
    found.hang()
    found.write('/a', ...many)
    found.write('/b', 7)
    const prepared = found.prepare({ web: [fileAt('/a'), fileAt('/b')] })
    await turnUntil(() => found.watches.length === 2, 'both to be watched')
    found.clock.advance(2999)
    let isReady = false
    const move = prepared.then((ready) => ((isReady = true), ready))
    await turn()
    expect(isReady).toBe(false)
    found.clock.advance(1)
    ;(await move).commit()
    expect(found.ports()).toEqual([7])
  })

  test('goes on with what a reload does not change, without looking again', async () => {
    using found = await finding()
    found.write('/a', 1)
    await found.commit({ web: [fileAt('/a')] })
    const [source] = found.discovery.of('web')
    await found.commit({ web: [fileAt('/a'), fileAt('/b')] })
    expect(found.discovery.of('web')[0]).toBe(source as never)
    expect(found.watches).toEqual(['/a', '/b'])
  })

  test('begins anew what a reload changes, and stops what it leaves out', async () => {
    using found = await finding()
    found.write('/a', 1)
    found.write('/b', 2)
    await found.commit({ web: [fileAt('/a')] })
    found.clock.advance(100)
    await found.commit({ web: [fileAt('/b')] })
    expect([found.ports(), found.watches]).toEqual([[2], ['/b']])
    await found.commit({ web: undefined })
    expect([found.ports(), found.watches]).toEqual([[], []])
  })

  test('keeps whom a source had found that a reload has replaced until its successor lists anybody, or nobody', async () => {
    using found = await finding()
    found.write('/a', 1, 2)
    await found.commit({ web: [fileAt('/a')] })
    found.clock.advance(100)
    await found.commit({ web: [fileAt('/b')] })
    expect([found.ports(), found.watches]).toEqual([[1, 2], ['/b']])
    found.clock.advance(100)
    await found.commit({ web: [fileAt('/c')] })
    found.clock.advance(1000)
    expect(found.ports()).toEqual([1, 2])
    found.write('/c', 2, 3)
    found.clock.advance(200)
    expect(found.ports()).toEqual([2, 3])
    await found.commit({ web: [fileAt('/d')] })
    found.write('/d')
    found.clock.advance(200)
    expect(found.ports()).toEqual([])
  })

  test('keeps them while all that the successor lists is faulty', async () => {
    using found = await finding()
    found.write('/a', 1, 2)
    await found.commit({ web: [fileAt('/a')] })
    found.write('/b', 70_000, 0)
    await found.commit({ web: [fileAt('/b')] })
    found.clock.advance(200)
    expect(found.ports()).toEqual([1, 2])
    found.write('/b', 70_000, 3)
    found.clock.advance(200)
    expect(found.ports()).toEqual([3])
    found.write('/b', 70_000)
    found.clock.advance(200)
    expect(found.ports()).toEqual([])
  })

  test('follows the sources that stay while one that is new has listed nobody yet', async () => {
    using found = await finding()
    found.write('/a', 1, 2)
    found.write('/b', 3)
    await found.commit({ web: [fileAt('/a'), fileAt('/b')] })
    found.clock.advance(100)
    await found.commit({ web: [fileAt('/a'), fileAt('/c')] })
    found.write('/a', 2)
    found.clock.advance(200)
    expect(found.ports()?.toSorted()).toEqual([2, 3])
    await found.commit({ web: undefined })
    await found.commit({ web: [fileAt('/d')] })
    expect(found.ports()).toEqual([])
  })

  test('leaves everything as it was when a reload is abandoned', async () => {
    using found = await finding()
    found.write('/a', 1)
    found.write('/b', 2)
    await found.commit({ web: [fileAt('/a')] })
    const move = await found.prepare({ web: [fileAt('/b')], api: [fileAt('/b')] })
    move.abandon()
    expect([found.ports(), found.ports('api'), found.watches]).toEqual([[1], [], ['/a']])
  })

  test('merges several sources of a pool, of which the first counts', async () => {
    using found = await finding()
    found.write('/a', 1, 2)
    found.write('/b', 2, 3)
    await found.commit({ web: [fileAt('/a'), fileAt('/b')] })
    expect(found.ports()).toEqual([1, 2, 3])
  })

  test('follows a source that a pool names twice once, and stops it', async () => {
    using found = await finding()
    found.write('/a', 1)
    await found.commit({ web: [fileAt('/a'), fileAt('/a')] })
    expect([found.ports(), found.watches]).toEqual([[1], ['/a']])
    await found.commit({ web: undefined })
    expect(found.watches).toEqual([])
  })

  test('follows a source that changes', async () => {
    using found = await finding()
    found.write('/a', 1)
    await found.commit({ web: [fileAt('/a')], api: [fileAt('/a')] })
    found.clock.advance(1000)
    found.write('/a', 1, 2)
    found.clock.advance(20)
    expect(found.ports('api')).toEqual([1, 2])
  })

  test('finds nothing more once it is stopped', async () => {
    using found = await finding()
    found.write('/a', 1)
    await found.commit({ web: [fileAt('/a', 1000)] })
    found.discovery.stop()
    expect([found.watches, found.clock.pending()]).toEqual([[], 0])
  })
})
