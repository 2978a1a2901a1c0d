import { describe, expect, test } from 'bun:test'
import { createPassiveHealth } from '../../../core/health/passive.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const refused = { kind: 'failed', cause: 'connect' } as const

/** Passive health over one backend. `run` plays connects, `+` or `-`, and gives the standing after each: `u`p or `d`own. */
function watchingOne({ failures = 3, retryAfterMs = 1000, hasChecks = false } = {}) {
  const clock = virtualClock()
  const backend = makeBackend(1)
  const backends = [backend]
  const changes: string[] = []
  const passive = createPassiveHealth({
    policy: { failures, retryAfterMs },
    hasChecks,
    backends: () => backends,
    clock,
    onChange: (one, detail) => changes.push(`${one.health.kind}: ${detail}`),
  })
  const isOut = () => backend.health.kind === 'unhealthy'
  const run = (results: string) =>
    Array.from(results, (result) => {
      if (result === '+') passive.onResponse(backend)
      else passive.onEnd(backend, refused)
      return isOut() ? 'd' : 'u'
    }).join('')
  return { clock, backend, backends, changes, passive, isOut, run }
}

describe('createPassiveHealth', () => {
  test('takes a member out after so many connect failures in a row', () => {
    const { backend, changes, run } = watchingOne()
    expect(run('--+--+---')).toBe('uuuuuuuud')
    expect(backend.health).toEqual({ kind: 'unhealthy', since: 0, reason: '3 connect failures in a row' })
    expect(changes).toEqual(['unhealthy: 3 connect failures in a row'])
  })

  test('takes it out at the first failure when one is enough', () => {
    const { changes, run } = watchingOne({ failures: 1 })
    expect(run('+-')).toBe('ud')
    expect(changes).toEqual(['unhealthy: a connect failure'])
  })

  test('takes out a member that checks call healthy', () => {
    const { backend, isOut, run } = watchingOne({ hasChecks: true })
    backend.health = { kind: 'healthy', since: 0 }
    run('---')
    expect(isOut()).toBe(true)
  })

  test('tries it again after the pause, with one report each way', () => {
    const { clock, backend, changes, isOut, run } = watchingOne()
    run('---')
    clock.advance(999)
    expect(isOut()).toBe(true)
    clock.advance(1)
    expect(backend.health).toEqual({ kind: 'unchecked', since: 1000 })
    expect(changes).toEqual(['unhealthy: 3 connect failures in a row', 'unchecked: tried again after a pause'])
    expect(clock.pending()).toBe(0)
  })

  test('doubles the pause with each failed trial, up to sixteen times', () => {
    const { clock, isOut, run } = watchingOne()
    run('---')
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]) {
      clock.advance(pauseMs - 1)
      expect(isOut()).toBe(true)
      clock.advance(1)
      expect(isOut()).toBe(false)
      expect(run('-')).toBe('d')
    }
  })

  test('forgets failures and pauses after one success', () => {
    const { clock, isOut, run } = watchingOne()
    run('---')
    clock.advance(1000)
    expect(run('-')).toBe('d')
    clock.advance(2000)
    expect(run('+--+---')).toBe('uuuuuud')
    clock.advance(1000)
    expect(isOut()).toBe(false)
  })

  test('counts connects that fail after it went out as the same failure', () => {
    const { clock, backend, changes, isOut, run } = watchingOne()
    run('-'.repeat(103))
    expect([changes.length, backend.connectFailuresInRow, clock.pending()]).toEqual([1, 3, 1])
    clock.advance(1000)
    expect(isOut()).toBe(false)
  })

  test('leaves its return to the checks where there are any, with a clean slate', () => {
    const { clock, backend, isOut, run } = watchingOne({ hasChecks: true })
    run('---')
    clock.advance(1_000_000)
    expect(isOut()).toBe(true)
    backend.health = { kind: 'healthy', since: 1_000_000 }
    expect(run('--')).toBe('uu')
    expect(run('-')).toBe('d')
  })

  test('does not bring back a member that has left the pool', () => {
    const { clock, backends, changes, isOut, run } = watchingOne()
    run('---')
    backends.pop()
    clock.advance(1000)
    expect(isOut()).toBe(true)
    expect(changes).toHaveLength(1)
  })

  test('leaves alone a member that came back by another way', () => {
    const { clock, backend, changes, run } = watchingOne()
    run('---')
    const healthy = { kind: 'healthy', since: 500 } as const
    backend.health = healthy
    clock.advance(1000)
    expect(backend.health).toBe(healthy)
    expect(changes).toHaveLength(1)
  })

  test('counts nothing but failed connects', () => {
    const { backend, passive } = watchingOne({ failures: 1 })
    for (const cause of ['timeout', 'reset', 'protocol']) passive.onEnd(backend, { kind: 'failed', cause })
    passive.onEnd(backend, { kind: 'abandoned' })
    passive.onEnd(backend, { kind: 'completed' })
    expect([backend.health.kind, backend.connectFailuresInRow]).toEqual(['unchecked', 0])
  })

  test('counts each member for itself', () => {
    const { backend, isOut, passive, run } = watchingOne()
    const other = makeBackend(2)
    run('--')
    passive.onResponse(other)
    passive.onEnd(other, refused)
    expect([backend.connectFailuresInRow, other.connectFailuresInRow]).toEqual([2, 1])
    run('-')
    expect([isOut(), other.health.kind]).toEqual([true, 'unchecked'])
  })

  test('stops with no pause left', () => {
    const { clock, passive, changes, run } = watchingOne()
    run('---')
    passive.stop()
    passive.stop()
    expect(clock.pending()).toBe(0)
    clock.advance(10_000)
    expect(changes).toHaveLength(1)
  })
})
