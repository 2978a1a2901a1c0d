import { describe, expect, test } from 'bun:test'
import { isServing, isUsable } from '../../../core/view/standing.ts'

describe('whether a backend is usable, and whether it serves,', () => {
  test.each([
    ['used', true, true],
    ['spare', true, false],
    ['trial', false, true],
    ['overruled', false, true],
    ['out', false, false],
  ] as const)('is told of one that is %s', (use, usable, serving) => {
    const backend = { state: 'healthy', use } as const
    expect([isUsable(backend), isServing(backend)]).toEqual([usable, serving])
  })

  test('is taken from its state where the balancer tells no more', () => {
    const told = (['healthy', 'unchecked', 'unhealthy', 'draining'] as const).map((state) => isServing({ state }))
    expect(told).toEqual([true, true, false, false])
  })
})
