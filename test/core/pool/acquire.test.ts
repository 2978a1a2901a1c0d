import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { acquire, sourceOf } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { FakeSource, idlePool } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'

/** A pool whose balancer picks `backend`. */
function picking(backend: Backend | undefined, sources: readonly FakeSource[] = []): Pool {
  return {
    name: 'web',
    balancer: { pick: () => backend, hasOther: () => false, begin: () => ({}) as never },
    affinity: { kind: 'client' },
    ...idlePool(),
    connections: new Map(sources.map((source) => [source.backend, source])),
  }
}

const context = contextOf({ random: () => 0.5 })

describe('acquire', () => {
  test('gives the backend that is picked and a stream to it', () => {
    const source = new FakeSource(makeBackend(1), 1)
    const acquired = acquire(picking(source.backend, [source]), context, [], 'any')
    expect(acquired).toEqual({ backend: source.backend, stream: source.last })
    expect(source.streams).toHaveLength(1)
  })

  test('gives nothing when nobody is picked', () => {
    expect(acquire(picking(undefined), context, [], 'any')).toBeUndefined()
  })

  test('asks once, though the one picked has no stream after all', () => {
    const source = new FakeSource(makeBackend(1), 0)
    source.isFull = true
    expect(acquire(picking(source.backend, [source]), context, [], 'any')).toBeUndefined()
  })

  test('names a backend that the pool has no connections to', () => {
    expect(() => sourceOf(picking(undefined), makeBackend(7))).toThrow('127.0.0.1:7 has no connections in pool web')
  })
})
