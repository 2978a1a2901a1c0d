import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { acquire, acquireKept, sourceOf } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { FakeSource, idlePool } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'

/** A pool whose balancer picks `backend`. */
function picking(backend: Backend | undefined, sources: readonly FakeSource[] = [], offers = true): Pool {
  return {
    name: 'web',
    balancer: { pick: () => backend, hasOther: () => false, begin: () => ({}) as never, offers: () => offers },
    affinity: [{ kind: 'client' }],
    sticky: undefined,
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

describe('acquireKept', () => {
  /** A session with a backend of these facts, of which the balancer offers some. */
  function asking({ offers = true, isDraining = false, isFailing = false, isFull = false, isTried = false }) {
    const backend = makeBackend(1, { isDraining })
    if (isFailing) {
      backend.facts.checks = { kind: 'failing', since: 0, cause: '503' }
      backend.reckon(NO_RULE, 0)
    }
    const source = new FakeSource(backend, 0)
    if (isFull) backend.room = { hasRoom: false }
    const session = { backend, settle: () => undefined }
    return {
      backend,
      source,
      got: acquireKept(picking(undefined, [source], offers), session, isTried ? [backend] : [], 'any'),
    }
  }

  test.each([
    [{}, true],
    [{ offers: false }, false],
    [{ isFull: true }, false],
    [{ isTried: true }, false],
    [{ isDraining: true, offers: false }, true],
    [{ isDraining: true, offers: false, isFailing: true }, false],
    [{ isDraining: true, offers: false, isFull: true }, false],
    [{ isDraining: true, offers: false, isTried: true }, false],
  ])('of a backend with %p gives a stream: %p', (facts, isGiven) => {
    const { backend, source, got } = asking(facts)
    expect(got).toEqual(isGiven ? { backend, stream: source.last } : undefined)
    expect(source.streams).toHaveLength(isGiven ? 1 : 0)
  })

  test('gives nothing to a request of no session, or of one that is with nobody', () => {
    expect(acquireKept(picking(undefined), undefined, [], 'any')).toBeUndefined()
    expect(acquireKept(picking(undefined), { backend: undefined, settle: () => undefined }, [], 'any')).toBeUndefined()
  })
})
