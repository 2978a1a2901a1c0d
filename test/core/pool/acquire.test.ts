import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { acquire, queueUp, sourceOf } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { FakeSource } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'

const WAITS = { kind: 'later', wait: () => () => undefined } as const

interface Facts {
  readonly waiting?: number
  readonly hasCandidates?: boolean
}

/** A pool whose balancer picks `backend`. */
function picking(
  backend: Backend | undefined,
  sources: readonly FakeSource[] = [],
  { waiting = 0, hasCandidates = true }: Facts = {},
): Pool {
  return {
    name: 'web',
    balancer: { pick: () => backend, begin: () => ({}) as never, hasCandidates, hasRoom: backend !== undefined },
    queue: { length: waiting, enter: () => WAITS },
    affinity: { kind: 'client' },
    retry: { attempts: 2 },
    connections: new Map(sources.map((source) => [source.backend, source])),
  }
}

const context = contextOf({ random: () => 0.5 })
const fresh = { tried: [], hasQueued: false }
const served = { tried: [], hasQueued: true }
const failed = { tried: [makeBackend(9)], hasQueued: false }
const entrant = { priority: 5, patienceMs: () => undefined }

describe('acquire', () => {
  test('gives the backend that is picked and a stream to it', () => {
    const source = new FakeSource(makeBackend(1), 1)
    const acquired = acquire(picking(source.backend, [source]), context, fresh, 'any')
    expect(acquired).toEqual({ backend: source.backend, stream: source.last })
    expect(source.streams).toHaveLength(1)
  })

  test('gives nothing when nobody is picked', () => {
    expect(acquire(picking(undefined), context, fresh, 'any')).toBeUndefined()
  })

  test('asks once, though the one picked has no stream after all', () => {
    const source = new FakeSource(makeBackend(1), 0)
    source.isFull = true
    expect(acquire(picking(source.backend, [source]), context, fresh, 'any')).toBeUndefined()
  })

  test.each([
    ['nothing to a request that comes while others wait', fresh, false],
    ['something to one that has had its turn', served, true],
    ['something to one that has had its place and is tried again', failed, true],
  ])('gives %s', (_, asker, isGiven) => {
    const source = new FakeSource(makeBackend(1), 1)
    const pool = picking(source.backend, [source], { waiting: 1 })
    expect(acquire(pool, context, asker, 'any') !== undefined).toBe(isGiven)
  })

  test('names a backend that the pool has no connections to', () => {
    expect(() => sourceOf(picking(undefined), makeBackend(7))).toThrow('127.0.0.1:7 has no connections in pool web')
  })
})

describe('queueUp', () => {
  const somebody = makeBackend(1)

  test.each([
    ['has all backends full', picking(undefined), fresh, true],
    ['has others waiting, whatever room there is', picking(somebody, [], { waiting: 1 }), fresh, true],
    ['has room, so that something else is short', picking(somebody), fresh, false],
    ['has nobody usable', picking(undefined, [], { hasCandidates: false }), fresh, false],
    [
      'has nobody usable, though others wait',
      picking(undefined, [], { hasCandidates: false, waiting: 1 }),
      fresh,
      false,
    ],
    ['has let it wait already', picking(undefined, [], { waiting: 1 }), served, false],
    ['has given it a backend already, which failed', picking(undefined, [], { waiting: 1 }), failed, false],
  ])('of a pool that %s', (_, pool, asker, isQueued) => {
    expect(queueUp(pool, asker, entrant)).toBe(isQueued ? WAITS : undefined)
  })
})
