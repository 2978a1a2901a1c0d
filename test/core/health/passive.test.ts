import { describe, expect, test } from 'bun:test'
import { isFailing } from '../../../core/backend/facts.ts'
import { createPassiveHealth, type Recovery } from '../../../core/health/passive.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const refused = { kind: 'failed', cause: 'connect' } as const
const pause = (ms: number): Recovery => ({ kind: 'pause', ms })
const checks = (rise: number): Recovery => ({ kind: 'checks', rise })

/**
 * Passive health over one backend. `run` plays attempts that begin now, `+` for one that is answered and `-` for one whose
 * connect fails, and gives the standing after each: `u`p or `d`own.
 */
function watchingOne({ failures = 3, recovery = pause(1000) }: { failures?: number; recovery?: Recovery } = {}) {
  const clock = virtualClock()
  const backend = makeBackend(1)
  const backends = [backend]
  const changes: string[] = []
  const isOut = () => isFailing(backend.facts.traffic, clock.now())
  const passive = createPassiveHealth({
    policy: { failures, recovery },
    backends: () => backends,
    clock,
    onChange: (_, detail) => changes.push(`${isOut() ? 'down' : 'up'}: ${detail}`),
  })
  const run = (results: string) =>
    Array.from(results, (result) => {
      if (result === '+') passive.onResponse(backend, 0, clock.now(), { startedAt: clock.now() })
      else passive.onEnd(backend, refused)
      return isOut() ? 'd' : 'u'
    }).join('')
  return { clock, backend, backends, changes, passive, isOut, run }
}

describe('createPassiveHealth', () => {
  test('takes a member out after so many connect failures in a row', () => {
    const { backend, changes, run } = watchingOne()
    expect(run('--+--+---')).toBe('uuuuuuuud')
    const cause = '3 connect failures in a row'
    expect(backend.facts.traffic).toEqual({ kind: 'failing', since: 0, cause, until: 1000 })
    expect(changes).toEqual([`down: ${cause}`])
  })

  test('takes it out at the first failure when one is enough', () => {
    const { changes, run } = watchingOne({ failures: 1 })
    expect(run('+-')).toBe('ud')
    expect(changes).toEqual(['down: a connect failure'])
  })

  test('counts nothing but failed connects', () => {
    const { backend, passive } = watchingOne({ failures: 1 })
    for (const cause of ['timeout', 'reset', 'protocol'] as const) passive.onEnd(backend, { kind: 'failed', cause })
    passive.onEnd(backend, { kind: 'abandoned' })
    passive.onEnd(backend, { kind: 'completed', status: 502 })
    passive.onEnd(backend, { kind: 'local' })
    expect([backend.facts.traffic.kind, backend.connectFailuresInRow]).toEqual(['clear', 0])
  })

  test('counts each member for itself', () => {
    const { backend, isOut, passive, run } = watchingOne()
    const other = makeBackend(2)
    run('--')
    passive.onResponse(other, 0, 0, { startedAt: 0 })
    passive.onEnd(other, refused)
    expect([backend.connectFailuresInRow, other.connectFailuresInRow]).toEqual([2, 1])
    run('-')
    expect([isOut(), other.facts.traffic.kind]).toEqual([true, 'clear'])
  })

  test('counts connects that fail after it went out as the same failure', () => {
    const { clock, backend, changes, isOut, run } = watchingOne()
    run('-'.repeat(103))
    expect([changes.length, backend.connectFailuresInRow, clock.pending()]).toEqual([1, 3, 1])
    clock.advance(1000)
    expect(isOut()).toBe(false)
  })

  test('finds nothing out once it has stopped, until an update begins it again', () => {
    const { backend, changes, clock, passive, run } = watchingOne()
    passive.stop()
    expect(run('----')).toBe('uuuu')
    expect([backend.connectFailuresInRow, clock.pending()]).toEqual([0, 0])
    passive.update({ failures: 3, recovery: pause(1000) })
    expect(run('---')).toBe('uud')
    passive.stop()
    run('+')
    expect([backend.facts.traffic.kind, clock.pending(), changes.length]).toEqual(['failing', 0, 1])
  })

  test('stops with no pause left, and who is out stays out', () => {
    const { clock, passive, changes, run } = watchingOne({ recovery: pause(100_000) })
    run('---')
    passive.stop()
    passive.stop()
    expect(clock.pending()).toBe(0)
    clock.advance(10_000)
    expect(changes).toHaveLength(1)
  })
})

describe('a member that traffic has taken out', () => {
  test('is tried again after the pause, with one report each way', () => {
    const { clock, changes, isOut, run } = watchingOne()
    run('---')
    clock.advance(999)
    expect(isOut()).toBe(true)
    clock.advance(1)
    expect(isOut()).toBe(false)
    expect(changes).toEqual(['down: 3 connect failures in a row', 'up: its pause is over, the next request tries it'])
    expect(clock.pending()).toBe(0)
  })

  test('waits as long after each trial that fails', () => {
    const { clock, isOut, run } = watchingOne()
    run('---')
    for (let trials = 0; trials < 20; trials += 1) {
      clock.advance(999)
      expect(isOut()).toBe(true)
      clock.advance(1)
      expect(isOut()).toBe(false)
      expect(run('-')).toBe('d')
    }
  })

  test('has its failures forgotten after one success', () => {
    const { clock, run } = watchingOne()
    run('---')
    clock.advance(1000)
    expect(run('+--+---')).toBe('uuuuuud')
  })

  test('is back at once when it answers a request that was sent nevertheless', () => {
    const { clock, backend, changes, run } = watchingOne()
    run('---')
    clock.advance(500)
    expect(run('+')).toBe('u')
    expect(backend.facts.traffic).toEqual({ kind: 'clear', since: 500 })
    expect(changes.at(-1)).toBe('up: it has answered a request')
    expect(clock.pending()).toBe(0)
  })

  test('stays out when it answers what was sent before', () => {
    const { clock, passive, backend, isOut, run } = watchingOne()
    clock.advance(100)
    run('---')
    clock.advance(100)
    passive.onResponse(backend, 150, 200, { startedAt: 50 })
    expect([isOut(), backend.connectFailuresInRow]).toEqual([true, 3])
  })

  test('is not reported when it fails or answers after it has left the pool', () => {
    const { backends, changes, isOut, run } = watchingOne()
    backends.pop()
    expect(run('---')).toBe('uud')
    expect(run('+')).toBe('u')
    expect(isOut()).toBe(false)
    expect(changes).toEqual([])
  })

  test('is not reported once it has left the pool', () => {
    const { clock, backends, changes, run } = watchingOne()
    run('---')
    backends.pop()
    clock.advance(1000)
    expect(changes).toHaveLength(1)
  })
})

describe('a member that traffic has taken out, where checks run', () => {
  test('is back after so many good checks in a row, and not before', () => {
    const { clock, backend, isOut, passive, run } = watchingOne({ recovery: checks(2) })
    expect(run('---')).toBe('uud')
    clock.advance(1_000_000)
    for (const passed of [true, false, true]) passive.onCheck(backend, passed)
    expect(isOut()).toBe(true)
    passive.onCheck(backend, true)
    expect(backend.facts.traffic).toEqual({ kind: 'clear', since: 1_000_000 })
    expect(run('--')).toBe('uu')
    expect(run('-')).toBe('d')
  })

  test('counts good checks anew each time', () => {
    const { backend, isOut, passive, run } = watchingOne({ recovery: checks(2) })
    passive.onCheck(backend, true)
    run('---')
    passive.onCheck(backend, true)
    expect(isOut()).toBe(true)
    run('+---')
    passive.onCheck(backend, true)
    expect(isOut()).toBe(true)
  })
})

describe('another policy', () => {
  test('leaves out who is out, and takes the time from the beginning', () => {
    const { clock, changes, isOut, passive, run } = watchingOne({ recovery: pause(10_000) })
    run('---')
    clock.advance(1000)
    passive.update({ failures: 3, recovery: pause(4000) })
    clock.advance(2999)
    expect(isOut()).toBe(true)
    clock.advance(1)
    expect([isOut(), changes.length]).toEqual([false, 2])
  })

  test('leaves the return to checks once they run, and to a pause once they do not', () => {
    const { clock, backend, isOut, passive, run } = watchingOne()
    run('---')
    passive.update({ failures: 3, recovery: checks(1) })
    clock.advance(5000)
    expect([isOut(), clock.pending()]).toEqual([true, 0])
    passive.update({ failures: 3, recovery: pause(6000) })
    expect(backend.facts.traffic).toMatchObject({ since: 0, until: 6000 })
    clock.advance(1000)
    expect(isOut()).toBe(false)
  })

  test('does not take out who is on trial already', () => {
    const { clock, backend, isOut, passive, run } = watchingOne()
    run('---')
    clock.advance(1000)
    passive.update({ failures: 3, recovery: checks(2) })
    expect(isOut()).toBe(false)
    expect(run('-')).toBe('d')
    expect(backend.facts.traffic).toMatchObject({ until: undefined })
  })

  test('counts by its own number from the next failure on', () => {
    const { passive, run } = watchingOne({ failures: 5 })
    expect(run('--')).toBe('uu')
    passive.update({ failures: 2, recovery: pause(1000) })
    expect(run('-')).toBe('d')
  })
})
