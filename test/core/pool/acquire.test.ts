import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { acquire, queueUp, sourceOf } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { FakeSource, idlePool } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'

const WAITS = { kind: 'later', wait: () => () => undefined } as const

interface Facts {
  readonly waiting?: number
  readonly hasCandidates?: boolean
  readonly offers?: boolean
  readonly isAtBound?: boolean
}

interface SessionFacts extends Facts {
  readonly isDraining?: boolean
  readonly isFailing?: boolean
  readonly isFull?: boolean
  readonly isTried?: boolean
  readonly hasQueued?: boolean
}

/** A pool whose balancer picks `backend`. */
function picking(
  backend: Backend | undefined,
  sources: readonly FakeSource[] = [],
  { waiting = 0, hasCandidates = true, offers = true, isAtBound = false }: Facts = {},
): Pool {
  return {
    name: 'web',
    balancer: {
      pick: () => backend,
      hasOther: () => false,
      begin: () => ({}) as never,
      offers: () => offers,
      hasCandidates,
      hasRoom: backend !== undefined,
      isAtBound,
    },
    queue: { length: waiting, enter: () => WAITS },
    affinity: [{ kind: 'client' }],
    sticky: undefined,
    ...idlePool(),
    connections: new Map(sources.map((source) => [source.backend, source])),
  }
}

const context = contextOf({ random: () => 0.5 })
const fresh = { tried: [], hasQueued: false, session: undefined }
const served = { ...fresh, hasQueued: true }
const failed = { ...fresh, tried: [makeBackend(9)] }
const entrant = { priority: 5, endsAt: Infinity, patienceMs: () => undefined }

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

describe('of a session, acquire', () => {
  /** A request whose session is with a backend of these facts, of which the balancer offers some. */
  function asking({
    isDraining = false,
    isFailing = false,
    isFull = false,
    isTried = false,
    hasQueued = false,
    ...pool
  }: SessionFacts) {
    const backend = makeBackend(1, { isDraining })
    if (isFailing) {
      backend.facts.checks = { kind: 'failing', since: 0, cause: '503' }
      backend.reckon(NO_RULE, 0)
    }
    const source = new FakeSource(backend, 0)
    if (isFull) backend.room = { hasRoom: false }
    const asker = { session: { backend, settle: () => undefined }, tried: isTried ? [backend] : [], hasQueued }
    return { backend, source, got: acquire(picking(undefined, [source], pool), context, asker, 'any') }
  }

  test.each<[SessionFacts, boolean]>([
    [{}, true],
    [{ offers: false }, false],
    [{ isFull: true }, false],
    [{ isTried: true }, false],
    [{ isDraining: true, offers: false }, true],
    [{ isDraining: true, offers: false, isFailing: true }, false],
    [{ isDraining: true, offers: false, isFull: true }, false],
    [{ isDraining: true, offers: false, isTried: true }, false],
    [{ isAtBound: true }, false],
    [{ isDraining: true, offers: false, isAtBound: true }, false],
    [{ waiting: 1 }, false],
    [{ waiting: 1, hasQueued: true }, true],
    [{ isDraining: true, offers: false, waiting: 1 }, false],
    [{ isDraining: true, offers: false, waiting: 1, hasCandidates: false }, true],
  ])('with a backend of %p gives a stream to it: %p', (facts, isGiven) => {
    const { backend, source, got } = asking(facts)
    expect(got).toEqual(isGiven ? { backend, stream: source.last } : undefined)
    expect(source.streams).toHaveLength(isGiven ? 1 : 0)
  })

  test.each([undefined, { backend: undefined, settle: () => undefined }])(
    'that is %p gives who is picked',
    (session) => {
      const source = new FakeSource(makeBackend(1), 1)
      const asker = { ...fresh, session }
      expect(acquire(picking(source.backend, [source]), context, asker, 'any')?.backend).toBe(source.backend)
    },
  )
})
