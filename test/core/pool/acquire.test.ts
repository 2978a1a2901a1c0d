import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { acquire, queueUp, sourceOf } from '../../../core/pool/acquire.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { makeEntrant } from '../../support/entrant.ts'
import { FakeSource, idlePool } from '../../support/fake-streams.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'

const WAITS = { kind: 'later', wait: () => () => undefined } as const

interface Facts {
  /** Somebody waits, and is about to be let in. */
  readonly isDue?: boolean
  readonly hasPlace?: boolean
  readonly hasUsable?: boolean
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
  { isDue = false, hasPlace = true, hasUsable = true, offers = true, isAtBound = false }: Facts = {},
): Pool {
  return {
    name: 'web',
    balancer: {
      pick: () => backend,
      hasOther: () => false,
      begin: () => ({}) as never,
      offers: () => offers,
      hasUsable: () => hasUsable,
      hasRoom: () => backend !== undefined,
      isAtBound,
      members: [],
    },
    queue: { length: isDue ? 1 : 0, isDue, hasPlace: () => hasPlace, enter: () => WAITS },
    affinity: [{ kind: 'client' }],
    sticky: undefined,
    ...idlePool(),
    connections: new Map(sources.map((source) => [source.backend, source])),
  }
}

const context = contextOf({ random: () => 0.5 })
const fresh = { tried: [], priority: 5, hasQueued: false, session: undefined, waitedMs: 0 }
const served = { ...fresh, hasQueued: true }
const failed = { ...fresh, tried: [makeBackend(9)] }

describe('acquire', () => {
  test('gives the backend that is picked and a stream to it', () => {
    const source = new FakeSource(makeBackend(1), 1)
    const acquired = acquire(picking(source.backend, [source]), context, fresh, 'any')
    expect(acquired).toEqual({ backend: source.backend, stream: source.last, pick: undefined })
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
    ['nothing to a request that comes while others wait', fresh, {}, false],
    ['something to one that has had its turn', served, {}, true],
    ['nothing to one that is tried again while others wait', failed, {}, false],
    ['something to one that is tried again and would be turned away', failed, { hasPlace: false }, true],
    ['nothing to a request that comes and is to be turned away', fresh, { hasPlace: false }, false],
    ['something to one that comes when nobody has a use for the room', fresh, { isDue: false }, true],
  ])('gives %s', (_, asker, facts, isGiven) => {
    const source = new FakeSource(makeBackend(1), 1)
    const pool = picking(source.backend, [source], { isDue: true, ...facts })
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
    ['has others waiting, whatever room there is', picking(somebody, [], { isDue: true }), fresh, true],
    ['has room, so that something else is short', picking(somebody), fresh, false],
    ['has nobody usable', picking(undefined, [], { hasUsable: false }), fresh, false],
    ['has nobody usable, though others wait', picking(undefined, [], { hasUsable: false, isDue: true }), fresh, false],
    ['has no place left, which it is told', picking(undefined, [], { hasPlace: false }), fresh, true],
    ['has let it wait already', picking(undefined, [], { isDue: true }), served, false],
    ['has given it a backend already, which failed', picking(undefined), failed, true],
    ['has given it a backend, and has no place left', picking(undefined, [], { hasPlace: false }), failed, false],
  ])('of a pool that %s', (_, pool, asker, isQueued) => {
    expect(queueUp(pool, asker.hasQueued, makeEntrant({ tried: asker.tried }))).toBe(isQueued ? WAITS : undefined)
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
    const session = { backend, settle: () => undefined }
    const asker = { session, tried: isTried ? [backend] : [], priority: 5, hasQueued, waitedMs: 0 }
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
    [{ isDue: true }, false],
    [{ isDue: true, hasQueued: true }, true],
    [{ isDraining: true, offers: false, isDue: true }, false],
    [{ isDraining: true, offers: false, isDue: true, hasUsable: false }, true],
  ])('with a backend of %p gives a stream to it: %p', (facts, isGiven) => {
    const { backend, source, got } = asking(facts)
    expect(got).toEqual(isGiven ? { backend, stream: source.last, pick: undefined } : undefined)
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
