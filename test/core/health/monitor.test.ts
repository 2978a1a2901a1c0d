import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { createMonitor, forgetChecks } from '../../../core/health/monitor.ts'
import type { HealthPolicy } from '../../../core/health/policy.ts'
import { seededRandom } from '../../../core/random.ts'
import type { Random } from '../../../core/random.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { scriptedProbe } from '../../support/scripted-probe.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'

const basePolicy: HealthPolicy = {
  check: { kind: 'tcp' },
  intervalMs: 1000,
  jitterRatio: 0,
  timeoutMs: 100,
  rise: 2,
  fall: 3,
  initially: 'usable',
  maxConcurrent: 100,
}

/** A monitor of `count` backends on virtual time; `changes` tells the verdicts that changed, `backends` may be changed. */
function watching(count: number, facts: Partial<HealthPolicy> = {}, random: Random = () => 0.5) {
  const clock = virtualClock()
  const scripted = scriptedProbe()
  const backends = Array.from({ length: count }, (_, port) => makeBackend(port))
  const changes: string[] = []
  const results: string[] = []
  const before = new Map(backends.map((backend) => [backend, backend.facts.checks.kind]))
  const policy = { ...basePolicy, ...facts }
  const monitor = createMonitor({
    policy,
    backends: () => backends,
    probe: scripted.probe,
    clock,
    random,
    onResult: (backend, { detail }) => {
      results.push(backend.id)
      const { kind } = backend.facts.checks
      if (kind !== before.get(backend)) changes.push(`${backend.id} ${kind}: ${detail}`)
      before.set(backend, kind)
    },
  })
  return { clock, backends, changes, results, monitor, ...scripted }
}

/** One backend, started, and `run`, which gives it a row of results, `+` or `-`, one for each check. */
function watchingOne(facts: Partial<HealthPolicy> = {}) {
  const watched = watching(1, facts)
  const backend = watched.backends[0]!
  watched.monitor.start()
  watched.clock.advance(1)
  const run = (results: string) => {
    for (const result of Array.from(results)) {
      watched.answer(backend, result === '+')
      watched.clock.advance(1000)
    }
  }
  return { ...watched, backend, run }
}

describe('createMonitor', () => {
  test('checks nothing before its start', () => {
    const { clock, begun } = watching(3)
    clock.advance(100_000)
    expect(begun).toEqual([])
  })

  test('checks soon after the start, then in the interval', () => {
    const { clock, begun, run } = watchingOne()
    expect(begun).toHaveLength(1)
    run('+')
    expect(begun).toHaveLength(2)
    run('+++')
    expect(begun).toHaveLength(5)
    clock.advance(100_000)
    expect(begun).toHaveLength(5)
  })

  test('lets the first check decide at once, either way', () => {
    const good = watchingOne()
    good.run('+')
    expect(good.backend.facts.checks).toEqual({ kind: 'passing', since: 1 })
    expect(good.changes).toEqual(['127.0.0.1:0 passing: 200 OK'])
    const bad = watchingOne()
    bad.run('-')
    expect(bad.backend.facts.checks).toEqual({ kind: 'failing', since: 1, cause: 'connection refused' })
    expect(bad.changes).toEqual(['127.0.0.1:0 failing: connection refused'])
  })

  test('takes a member out after fall and back after rise checks in a row', () => {
    const { backend, changes, run } = watchingOne()
    run('+--+--')
    expect(backend.facts.checks.kind).toBe('passing')
    run('-')
    expect(backend.facts.checks).toMatchObject({ kind: 'failing', since: 6001 })
    run('-+-+')
    expect(backend.facts.checks.kind).toBe('failing')
    run('+')
    expect(backend.facts.checks.kind).toBe('passing')
    expect(changes).toHaveLength(3)
  })

  test('keeps the newest check on the backend', () => {
    const { backend, answer } = watchingOne()
    expect(backend.lastCheck).toBeUndefined()
    answer(backend, false, '503, expected 200-399')
    expect(backend.lastCheck).toMatchObject({ passed: false, detail: '503, expected 200-399' })
  })

  test('tells why a member fails now, and since when it does', () => {
    const { answer, backend, clock, run } = watchingOne()
    run('--')
    clock.advance(1000)
    answer(backend, false, '404, expected 200-399')
    expect(backend.facts.checks).toEqual({ kind: 'failing', since: 1, cause: '404, expected 200-399' })
  })

  test('reports every result, the fact up to date by then', () => {
    const { changes, results, run } = watchingOne()
    run('++-')
    expect([changes, results.length]).toEqual([['127.0.0.1:0 passing: 200 OK'], 3])
  })

  test('counts a check that failed for want of our own means as none', () => {
    const { backend, clock, results, answer, run } = watchingOne({ fall: 2 })
    run('+-')
    for (const detail of ['too many open files', 'no free port', 'out of memory']) {
      answer(backend, false, detail, { isLocal: true })
      expect(backend.lastCheck).toMatchObject({ detail, isLocal: true })
      clock.advance(1000)
    }
    expect([backend.facts.checks.kind, results.length]).toEqual(['passing', 2])
    run('-')
    expect(backend.facts.checks.kind).toBe('failing')
  })

  test('believes what former checks found until these say otherwise', () => {
    for (const before of [true, false]) {
      const { backend, clock, monitor, answer } = watchingOne({ rise: 3 })
      answer(backend, before)
      monitor.stop()
      monitor.start()
      clock.advance(1)
      expect(backend.facts.checks.kind).toBe(before ? 'passing' : 'failing')
      // One bad result takes nobody out who was well; one good result is enough for who was not.
      answer(backend, !before)
      expect(backend.facts.checks.kind).toBe('passing')
    }
  })

  test('has nothing found once nobody checks any more', () => {
    const { backend, clock, run } = watchingOne()
    forgetChecks(backend, 5)
    expect(backend.facts.checks).toEqual({ kind: 'unchecked', since: 0 })
    run('-')
    forgetChecks(backend, clock.now())
    expect(backend.facts.checks).toEqual({ kind: 'unchecked', since: 1001 })
  })

  test('looks each second after one that traffic has taken out', () => {
    const { backend, clock, begun, answer } = watchingOne({ intervalMs: 5000 })
    answer(backend, true)
    backend.facts.traffic = { kind: 'failing', since: 1, cause: 'refused', until: undefined }
    backend.reckon(NO_RULE, clock.now())
    clock.advance(5000)
    expect(begun).toHaveLength(2)
    answer(backend, true)
    clock.advance(999)
    expect(begun).toHaveLength(2)
    clock.advance(1)
    expect(begun).toHaveLength(3)
  })

  test('draws each wait from the interval and its jitter', () => {
    for (const [draw, waitMs] of [
      [0, 800],
      [0.5, 1000],
      [0.75, 1100],
    ] as const) {
      const { clock, backends, begun, monitor, answer } = watching(1, { jitterRatio: 0.2 }, () => draw)
      monitor.start()
      clock.advance(1)
      answer(backends[0]!, true)
      // The first check began `draw` ms after the start, and the clock stands at 1.
      clock.advance(waitMs + draw - 1.001)
      expect(begun).toHaveLength(1)
      clock.advance(0.002)
      expect(begun).toHaveLength(2)
    }
  })

  test('counts the interval from start to start, slow checks included', () => {
    const { clock, backend, begun, answer } = watchingOne()
    clock.advance(600)
    answer(backend, true)
    clock.advance(398)
    expect(begun).toHaveLength(1)
    clock.advance(2)
    expect(begun).toHaveLength(2)
    clock.advance(5000)
    answer(backend, true)
    clock.advance(0)
    expect(begun).toHaveLength(3)
  })

  test('keeps to its bound of checks under way and serves the rest in turn', () => {
    const { clock, backends, begun, monitor, underWay, answer } = watching(10, { maxConcurrent: 3 }, seededRandom(1))
    monitor.start()
    clock.advance(10)
    expect(underWay()).toHaveLength(3)
    const order: string[] = []
    for (let done = 0; done < 10; done++) {
      expect(underWay().length).toBeLessThanOrEqual(3)
      const backend = underWay()[0]!
      order.push(backend.id)
      answer(backend, true)
    }
    expect(begun.toSorted()).toEqual(backends.map((backend) => backend.id).toSorted())
    expect(order).toEqual([...begun])
  })

  test('checks all alike when fewer may be under way than are due', () => {
    const { clock, monitor, backends, begun, underWay, answer } = watching(50, { maxConcurrent: 1 }, seededRandom(2))
    monitor.start()
    for (let round = 0; round < 500; round++) {
      clock.advance(100)
      expect(underWay()).toHaveLength(1)
      answer(underWay()[0]!, true)
    }
    const counts = backends.map((backend) => begun.filter((id) => id === backend.id).length)
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([10, 11])
  })

  test('spreads the first checks of ten thousand over the interval', () => {
    const { clock, monitor, begun } = watching(10_000, { maxConcurrent: 10_000, intervalMs: 100 }, seededRandom(3))
    monitor.start()
    clock.advance(10)
    expect(begun.length).toBeWithin(800, 1200)
    clock.advance(90)
    expect(begun).toHaveLength(10_000)
  })

  test('checks members that join and leaves alone those that stay', () => {
    const { clock, backends, begun, monitor, answer } = watching(1)
    monitor.start()
    clock.advance(1)
    answer(backends[0]!, true)
    backends.push(makeBackend(1))
    monitor.update()
    clock.advance(10)
    expect(begun).toEqual(['127.0.0.1:0', '127.0.0.1:1'])
  })

  test('changes nothing by a check that comes back after its member left', () => {
    const { clock, backends, changes, monitor, answer, underWay } = watching(2)
    monitor.start()
    clock.advance(10)
    const [gone, stays] = backends as [Backend, Backend]
    const check = answer(gone, true)
    clock.advance(1000)
    backends.shift()
    monitor.update()
    expect(underWay()).toEqual([stays])
    check.done({ at: 0, passed: false, elapsedMs: 0, detail: 'late' })
    expect(gone.lastCheck?.detail).toBe('200 OK')
    expect(changes).toHaveLength(1)
    answer(stays, true)
    expect(stays.facts.checks.kind).toBe('passing')
  })

  test('gives the place of a member that left to one that waits', () => {
    const { clock, backends, begun, monitor, underWay } = watching(2, { maxConcurrent: 1 })
    monitor.start()
    clock.advance(10)
    const [busy, idle] = begun[0] === backends[0]!.id ? [backends[0]!, backends[1]!] : [backends[1]!, backends[0]!]
    backends.splice(backends.indexOf(busy), 1)
    monitor.update()
    expect(underWay()).toEqual([idle])
  })

  test('forgets a member that left while it waited', () => {
    const { clock, backends, begun, monitor, underWay, answer } = watching(2, { maxConcurrent: 1 })
    monitor.start()
    clock.advance(10)
    const busy = underWay()[0]!
    backends.splice(0, 2, busy)
    monitor.update()
    answer(busy, true)
    clock.advance(5000)
    expect(new Set(begun)).toEqual(new Set([busy.id]))
  })

  test('survives an update and a stop from within its report', () => {
    const clock = virtualClock()
    const { probe, answer, begun } = scriptedProbe()
    const backends = [makeBackend(0), makeBackend(1)]
    const monitor = createMonitor({
      policy: { ...basePolicy, maxConcurrent: 1 },
      backends: () => backends,
      probe,
      clock,
      random: () => 0.5,
      onResult: (backend) => {
        backends.splice(backends.indexOf(backend), 1)
        if (backends.length > 0) monitor.update()
        else monitor.stop()
      },
    })
    monitor.start()
    clock.advance(10)
    const [first, second] = [...backends] as [Backend, Backend]
    answer(first, false)
    answer(second, false)
    clock.advance(10_000)
    expect(begun).toEqual([first.id, second.id])
    expect(clock.pending()).toBe(0)
  })

  test('stops with no timer, no check and no report left', () => {
    const { clock, backends, begun, changes, monitor, underWay, answer } = watching(20, { maxConcurrent: 5 })
    monitor.start()
    clock.advance(20)
    answer(underWay()[0]!, true)
    monitor.stop()
    expect(underWay()).toEqual([])
    expect(clock.pending()).toBe(0)
    const before = begun.length
    backends.push(makeBackend(99))
    monitor.update()
    clock.advance(10_000)
    expect([begun.length, changes.length]).toEqual([before, 1])
  })

  test('starts again after a stop', () => {
    const { clock, monitor, begun, backend } = watchingOne()
    monitor.stop()
    monitor.start()
    clock.advance(1)
    expect(begun).toEqual([backend.id, backend.id])
  })

  test('watches nothing in an empty pool', () => {
    const { clock, monitor } = watching(0)
    monitor.start()
    expect(clock.pending()).toBe(0)
    monitor.stop()
  })
})
