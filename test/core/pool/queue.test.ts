import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Verdict } from '../../../core/admission/admission.ts'
import type { Cancel } from '../../../core/clock.ts'
import { createBuckets } from '../../../core/observe/buckets.ts'
import { poolLedger } from '../../../core/observe/counters.ts'
import type { QueuePolicy } from '../../../core/pool/policy.ts'
import { type Entrant, PoolQueue } from '../../../core/pool/queue.ts'
import { makeEntrant } from '../../support/entrant.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const policy: QueuePolicy = { length: 3, timeoutMs: 1000, order: 'fifo' }

/** A queue before a pool of so many places, whose requests are letters; `log` tells what becomes of them. */
function queueing(given: Partial<QueuePolicy> = {}, places = 0) {
  const clock = virtualClock()
  const log: string[] = []
  /** Whoever has been tried by all backends finds none. */
  const room = { places, full: 0, backends: Infinity }
  const due: { onTurn(): void }[] = []
  const counters = poolLedger.create()
  const waits = createBuckets()
  const queue = new PoolQueue({
    clock,
    turns: { next: (waiting) => void (due.includes(waiting) || due.push(waiting)) },
    counters,
    waits,
    hasRoom: (tried) => room.places > 0 && tried.length < room.backends,
    onFull: () => (room.full += 1),
  })
  queue.update({ ...policy, ...given })

  function decide(name: string, verdict: Verdict): void {
    if (verdict.kind === 'admitted') room.places -= 1
    log.push(verdict.kind === 'refused' ? `${name} ${verdict.problem.detail}` : `${name} ${verdict.kind}`)
  }

  /** undefined: it has been answered at once. */
  function enter(
    name: string,
    { patienceMs, ...entrant }: Partial<Omit<Entrant, 'patienceMs'>> & { readonly patienceMs?: number } = {},
  ): Cancel | undefined {
    const verdict = queue.enter(makeEntrant({ ...entrant, patienceMs: () => patienceMs }))
    if (verdict.kind === 'later') return verdict.wait((later) => decide(name, later))
    decide(name, verdict)
    return undefined
  }

  function turn(): void {
    for (const waiting of due.splice(0)) waiting.onTurn()
  }

  /** So many requests have ended. */
  function free(count = 1): void {
    room.places += count
    queue.wake()
    turn()
  }
  return { clock, counters, waits, due, enter, free, log, queue, room, turn }
}

const NO_PLACE = 'every backend is at its bound, and nobody more may wait'

describe('a queue', () => {
  test('lets in who came first', () => {
    const { enter, free, log } = queueing()
    for (const name of ['a', 'b', 'c']) enter(name)
    free(2)
    expect(log).toEqual(['a admitted', 'b admitted'])
    free()
    expect(log.at(-1)).toBe('c admitted')
  })

  test('lets in nobody in the middle of the event that made room', () => {
    const { enter, log, queue, room, turn } = queueing()
    enter('a')
    room.places = 1
    queue.wake()
    expect(log).toEqual([])
    turn()
    expect(log).toEqual(['a admitted'])
  })

  test('passes over who has no use for the room there is, and keeps its place', () => {
    const { enter, free, log, queue, room } = queueing()
    const [one, other] = [makeBackend(1), makeBackend(2)]
    room.backends = 2
    enter('a', { tried: [one, other] })
    enter('b', { tried: [one] })
    enter('c')
    free(2)
    expect([log, queue.isDue, queue.length]).toEqual([['b admitted', 'c admitted'], false, 1])
    enter('d')
    room.backends = 3
    free()
    expect(log.at(-1)).toBe('a admitted')
  })

  test('holds nobody up for one that has no use for the room there is', () => {
    const { enter, queue, room } = queueing({}, 1)
    room.backends = 1
    enter('a', { tried: [makeBackend(1)] })
    expect(queue.isDue).toBe(false)
    enter('b')
    expect(queue.isDue).toBe(true)
    room.places = 0
    expect(queue.isDue).toBe(false)
  })

  test.each([
    ['has room for any', { length: 2 }, [true, true, true]],
    ['full, for the more important alone', { length: 1 }, [false, false, true]],
  ])('%s, has places by priority', (_, given, places) => {
    const { enter, queue } = queueing(given)
    enter('a')
    expect([4, 5, 6].map((priority) => queue.hasPlace(priority))).toEqual(places)
    queue.update(undefined)
    expect(queue.hasPlace(9)).toBe(false)
  })

  test('counts what one has waited before', () => {
    const { clock, enter, log } = queueing()
    enter('a', { waitedMs: 700 })
    enter('b', { waitedMs: 2000 })
    clock.advance(0)
    expect(log).toEqual(['b no backend had room within 0 ms'])
    clock.advance(300)
    expect(log.slice(1)).toEqual(['a no backend had room within 300 ms'])
  })

  test('by deadline, lets in whose client waits the shortest time', () => {
    const { clock, enter, free, log } = queueing({ order: 'deadline' })
    enter('a')
    enter('b', { patienceMs: 500 })
    clock.advance(300)
    enter('c', { patienceMs: 400 })
    free(3)
    expect(log).toEqual(['b admitted', 'c admitted', 'a admitted'])
  })

  test('by deadline, ends the wait when the client does, never later than its own time', () => {
    const { clock, enter, log } = queueing({ order: 'deadline' })
    enter('a', { patienceMs: 200 })
    enter('b', { patienceMs: 60_000 })
    clock.advance(200)
    expect(log).toEqual(['a no backend had room within 200 ms'])
    clock.advance(799)
    expect(log).toHaveLength(1)
    clock.advance(1)
    expect(log[1]).toBe('b no backend had room within 1000 ms')
  })

  test.each(['fifo', 'deadline'] as const)('by %s, ends the wait when the request must be over', (order) => {
    const { clock, counters, enter, log } = queueing({ order })
    enter('a', { endsAt: clock.now() + 200, patienceMs: 300 })
    enter('b', { endsAt: clock.now() + 60_000 })
    enter('c', { endsAt: clock.now() - 1 })
    clock.advance(0)
    expect(log).toEqual(['c no backend had room within 0 ms'])
    clock.advance(200)
    expect(log.slice(1)).toEqual(['a no backend had room within 200 ms'])
    clock.advance(800)
    expect(log.slice(2)).toEqual(['b no backend had room within 1000 ms'])
    expect(counters.queueTimeouts).toBe(3)
  })

  test('tells how long each waited, however that ended', () => {
    const { clock, enter, free, waits } = queueing()
    const leave = enter('a')
    enter('b')
    clock.advance(100)
    leave?.()
    clock.advance(200)
    free(1)
    expect(waits.sumMs).toBe(400)
    enter('c')
    clock.advance(1000)
    expect([waits.sumMs, waits.counts.reduce((sum, count) => sum + count, 0)]).toEqual([1400, 3])
  })

  test('by deadline, lets in first what must be over first', () => {
    const { clock, enter, free, log } = queueing({ order: 'deadline' })
    enter('a', { patienceMs: 500 })
    enter('b', { endsAt: clock.now() + 400 })
    free(2)
    expect(log).toEqual(['b admitted', 'a admitted'])
  })

  test('in the order of arrival believes no client', () => {
    const { clock, enter, log } = queueing()
    enter('a', { patienceMs: 200 })
    clock.advance(999)
    expect(log).toEqual([])
  })

  test('turns away whoever comes when it is full, and after its time whoever waits', () => {
    const { clock, counters, enter, log } = queueing({ length: 2 })
    for (const name of ['a', 'b', 'c']) enter(name)
    expect(log).toEqual([`c ${NO_PLACE}`])
    clock.advance(1000)
    expect(log.slice(1)).toEqual(['a', 'b'].map((name) => `${name} no backend had room within 1000 ms`))
    expect(counters).toEqual({ queued: 2, queueTimeouts: 2, turnedAway: 1, waiting: 0 })
    expect(clock.pending()).toBe(0)
  })

  test('answers with 503 and Retry-After', () => {
    const { queue } = queueing({ length: 1 })
    queue.update(undefined)
    expect(queue.enter(makeEntrant())).toEqual({
      kind: 'refused',
      problem: { status: 503, detail: 'every backend is at its bound', retryAfterSeconds: 1 },
    })
  })

  test('frees the place of whoever leaves, who hears no more', () => {
    const { clock, counters, enter, free, log } = queueing({ length: 2 })
    const leaveA = enter('a')
    enter('b')
    leaveA?.()
    leaveA?.()
    enter('c')
    expect(counters.waiting).toBe(2)
    free(3)
    expect([log, counters.waiting, clock.pending()]).toEqual([['b admitted', 'c admitted'], 0, 0])
  })

  test('puts the more important first, and in the place of the least important when it is full', () => {
    const { enter, free, log, turn } = queueing({ length: 2 })
    enter('low', { priority: 1 })
    enter('lower', { priority: 0 })
    enter('high', { priority: 9 })
    turn()
    expect(log).toEqual([`lower ${NO_PLACE}`])
    enter('lowest', { priority: 1 })
    expect(log[1]).toBe(`lowest ${NO_PLACE}`)
    free(2)
    expect(log.slice(2)).toEqual(['high admitted', 'low admitted'])
  })

  test('says nothing to one who left before it heard that it had to make place', () => {
    const { enter, log, turn } = queueing({ length: 1 })
    const leave = enter('low', { priority: 1 })
    enter('high', { priority: 9 })
    leave?.()
    turn()
    expect(log).toEqual([])
  })

  test('lets those who wait go on as they came when the policy changes or ends', () => {
    const { clock, enter, free, log, queue } = queueing()
    enter('a')
    enter('b')
    queue.update({ ...policy, timeoutMs: 100 })
    enter('c')
    queue.update(undefined)
    enter('d')
    expect(log).toEqual(['d every backend is at its bound'])
    free()
    clock.advance(100)
    expect(log.slice(1)).toEqual(['a admitted', 'c no backend had room within 100 ms'])
    clock.advance(900)
    expect(log[3]).toBe('b no backend had room within 1000 ms')
  })

  test('lets in a few at a time, so that others have their turn', () => {
    const { due, enter, free, log } = queueing({ length: 100 })
    for (let index = 0; index < 50; index += 1) enter(`${index}`)
    free(50)
    expect([log.length, due.length]).toEqual([32, 1])
  })

  test('says each time that somebody finds no room, and sets no timer for whoever is turned away', () => {
    const { clock, enter, room } = queueing({ length: 1 })
    for (const name of ['a', 'b', 'c']) enter(name)
    expect([room.full, clock.pending()]).toEqual([3, 1])
  })

  test('loses nobody and no place, whatever happens', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('enter' as const), priority: fc.nat(2), ms: fc.nat(2000) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('free' as const), count: fc.integer({ min: 1, max: 3 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(600) }) },
    )
    const orders = fc.constantFrom('fifo' as const, 'deadline' as const)
    fc.assert(
      fc.property(
        orders,
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { minLength: 30, maxLength: 80 }),
        (order, length, steps) => {
          const { clock, counters, enter, free, log, queue, room, turn } = queueing({ order, length })
          const cancels: Cancel[] = []
          let left = 0
          for (const [index, one] of steps.entries()) {
            // Whoever finds room, and nobody waiting, does not ask.
            if (one.kind === 'enter' && room.places > 0) log.push(`${index} took one of ${room.places--}`)
            else if (one.kind === 'enter')
              cancels.push(enter(`${index}`, { priority: one.priority, patienceMs: one.ms }) ?? (() => undefined))
            else if (one.kind === 'free') free(one.count)
            else if (one.kind === 'pass') clock.advance(one.ms)
            else {
              const before = queue.length
              cancels[one.at % cancels.length]?.()
              left += before - queue.length
            }
            turn()
            expect(queue.length).toBeLessThanOrEqual(length)
            expect(room.places).toBeGreaterThanOrEqual(0)
            if (room.places > 0) expect(queue.length).toBe(0)
          }
          clock.advance(5000)
          const entered = steps.filter(({ kind }) => kind === 'enter').length
          expect([queue.length, counters.waiting, clock.pending()]).toEqual([0, 0, 0])
          expect(log.length + left).toBe(entered)
          expect(new Set(log.map((line) => line.split(' ')[0])).size).toBe(log.length)
        },
      ),
      { seed: 5, numRuns: 300 },
    )
  })
})
