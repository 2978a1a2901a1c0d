import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import { tierLoads, tierScales } from '../../../core/balance/tiers.ts'

const tier = fc.record({ members: fc.nat(20), share: fc.double({ min: 0, max: 1, noNaN: true }) })
const tiers = fc
  .array(tier, { minLength: 1, maxLength: 5 })
  .map((some) =>
    some.map(({ members, share }, index) => ({ tier: index, members, usable: Math.floor(members * share) })),
  )

describe('tierLoads', () => {
  test.each([
    [[[4, 4]], [1]],
    [
      [
        [4, 3],
        [1, 1],
      ],
      [1, 0],
    ],
    [
      [
        [4, 2],
        [2, 2],
      ],
      [0.7, 0.3],
    ],
    [
      [
        [10, 7],
        [1, 1],
      ],
      [0.98, 0.02],
    ],
    [
      [
        [4, 0],
        [2, 2],
      ],
      [0, 1],
    ],
    [
      [
        [4, 1],
        [4, 1],
      ],
      [0.5, 0.5],
    ],
    [
      [
        [0, 0],
        [2, 1],
      ],
      [0, 1],
    ],
    [
      [
        [4, 0],
        [2, 0],
      ],
      [0, 0],
    ],
  ] as const)('of members and usable ones %j are %j', (counts, loads) => {
    const found = tierLoads(counts.map(([members, usable], index) => ({ tier: index, members, usable })))
    expect([...found.values()].map((load) => Number(load.toFixed(3)))).toEqual([...loads])
  })

  test('come to 1 wherever anybody is usable, and give nothing to who has nobody', () => {
    fc.assert(
      fc.property(tiers, (some) => {
        const loads = tierLoads(some)
        const sum = [...loads.values()].reduce((total, load) => total + load, 0)
        expect(sum).toBeCloseTo(some.some(({ usable }) => usable > 0) ? 1 : 0, 9)
        for (const { tier: number, usable } of some) if (usable === 0) expect(loads.get(number)).toBe(0)
      }),
    )
  })
})

describe('tierScales', () => {
  test('make each tier’s part of the weights its load, and leave the first as it is', () => {
    const scales = tierScales(
      new Map([
        [0, 0.7],
        [1, 0.3],
        [2, 0],
      ]),
      new Map([
        [0, 2],
        [1, 8],
        [2, 1],
      ]),
    )
    expect(scales.get(0)).toBe(1)
    expect((scales.get(1) ?? 0) * 8).toBeCloseTo((2 * 0.3) / 0.7, 9)
    expect(scales.has(2)).toBeFalse()
  })

  test('leave out who has a load and nobody to bear it', () => {
    expect([
      ...tierScales(
        new Map([
          [0, 0.5],
          [1, 0.5],
        ]),
        new Map([[1, 3]]),
      ),
    ]).toEqual([[1, 1]])
  })
})
