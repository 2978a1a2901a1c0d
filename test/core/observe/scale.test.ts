import { describe, expect, test } from 'bun:test'
import { scaleBoundsMs, scaleIndex, scaleSize } from '../../../core/observe/scale.ts'

describe('latency scale', () => {
  test('puts every latency between the bounds of its step', () => {
    const edges = Array.from({ length: 29 }, (_, octave) => 2 ** octave)
    for (const micros of edges.flatMap((edge) => [edge - 1, edge, edge + 1, Math.floor(edge * 1.4)])) {
      const index = scaleIndex(micros)
      expect(scaleBoundsMs[index]).toBeLessThanOrEqual(micros / 1000)
      expect(scaleBoundsMs[index + 1]).toBeGreaterThan(micros / 1000)
    }
  })

  test('ends beyond ten minutes', () => {
    expect(scaleIndex(600_000_000)).toBeLessThan(scaleSize)
    expect(scaleIndex(2 ** 30 - 1)).toBe(scaleSize - 1)
  })

  test('rises in steps of at most an eighth', () => {
    for (let index = 9; index <= scaleSize; index++) {
      const step = (scaleBoundsMs[index] ?? 0) / (scaleBoundsMs[index - 1] ?? 0)
      expect(step).toBeGreaterThan(1)
      expect(step).toBeLessThanOrEqual(1.125)
    }
  })
})
