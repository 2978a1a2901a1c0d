import { describe, expect, test } from 'bun:test'
import type { SlowStartPolicy } from '../../../core/backend/slow-start.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { createRamps } from '../../../core/health/ramps.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const policy: SlowStartPolicy = { windowMs: 10_000, curve: 1, floor: 0.1, graceMs: 1000 }

function ramping() {
  const clock = virtualClock(500)
  const backends = [makeBackend(1, { weight: 2 }), makeBackend(2)] as const
  const weights: number[] = []
  const ramps = createRamps({
    backends: () => backends,
    clock,
    onChange: (backend) => {
      backend.reckon({ ...NO_RULE, slowStart: policy }, clock.now())
      weights.push(backend.weight)
    },
  })
  ramps.update(policy)
  return { backends, clock, ramps, weights }
}

describe('ramps', () => {
  test('let a share grow from the floor to all of it, then rest', () => {
    const { backends, clock, ramps, weights } = ramping()
    clock.advance(1000)
    ramps.begin(backends[0], 'it is new')
    expect(backends[0].facts.ramp).toEqual({ kind: 'ramping', since: 1500, cause: 'it is new' })
    clock.advance(5000)
    expect(weights.at(-1)).toBeCloseTo(1, 9)
    expect(weights).toEqual(weights.toSorted((one, other) => one - other))
    clock.advance(5000)
    expect([weights.at(-1), backends[0].facts.ramp.kind, clock.pending()]).toEqual([2, 'full', 0])
    expect(weights).toHaveLength(40)
  })

  test('leave those at once whole who come with the pool itself', () => {
    const { backends, clock, ramps } = ramping()
    clock.advance(999)
    ramps.begin(backends[0], 'it is new')
    expect([backends[0].facts.ramp.kind, clock.pending()]).toEqual(['full', 0])
    clock.advance(1)
    ramps.begin(backends[0], 'it is back')
    expect(backends[0].facts.ramp.kind).toBe('ramping')
  })

  test('end at once when nobody is to start slowly any more', () => {
    const { backends, clock, ramps } = ramping()
    clock.advance(1000)
    ramps.begin(backends[0], 'it is new')
    ramps.update(undefined)
    expect([backends[0].facts.ramp.kind, clock.pending()]).toEqual(['full', 0])
    ramps.begin(backends[1], 'it is new')
    expect(backends[1].facts.ramp.kind).toBe('full')
  })

  test('rest when stopped, and go on with the next update', () => {
    const { backends, clock, ramps, weights } = ramping()
    clock.advance(1000)
    ramps.begin(backends[0], 'it is new')
    ramps.stop()
    clock.advance(20_000)
    expect([weights, clock.pending()]).toEqual([[], 0])
    ramps.update(policy)
    clock.advance(250)
    expect([weights, backends[0].facts.ramp.kind]).toEqual([[2], 'full'])
  })
})
