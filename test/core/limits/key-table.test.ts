import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { KeyTable, MAX_KEYS } from '../../../core/limits/key-table.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'

function get(table: KeyTable, high: number, low: number): number {
  return table.read(table.find(high, low))
}

function set(table: KeyTable, key: { high: number; low: number }, number: number, floor = 0): void {
  table.write(table.find(key.high, key.low), key, number, floor)
}

describe('a table of numbers', () => {
  test('tells keys apart by both of their halves', () => {
    const table = new KeyTable()
    set(table, { high: 1, low: 1 }, 11)
    set(table, { high: 1, low: 2 }, 12)
    set(table, { high: 2 ** 32 - 1, low: 2 ** 32 - 1 }, 13)
    set(table, { high: 0, low: 0 }, 14)
    expect([get(table, 1, 1), get(table, 1, 2), get(table, 2 ** 32 - 1, 2 ** 32 - 1), get(table, 0, 0)]).toEqual([
      11, 12, 13, 14,
    ])
    expect([get(table, 2, 1), get(table, 0, 2), table.size]).toEqual([0, 0, 4])
  })

  /** Keys that crowd a few slots, the last ones among them, so that chains are long and go round the end. */
  const key = fc.record({ high: fc.constantFrom(0, 1, 14, 15, 30, 31, 47, 63), low: fc.integer({ min: 0, max: 40 }) })
  const step = fc.record({ key, number: fc.integer({ min: 1, max: 12 }), rises: fc.integer({ min: 0, max: 1 }) })

  test('does what a map does, for all that lies above the floor', () => {
    const property = fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new KeyTable()
      const model = new Map<string, number>()
      let floor = 0
      for (const { key, number, rises } of steps) {
        floor += rises / 4
        set(table, key, floor + number, floor)
        model.set(`${key.high} ${Math.max(key.low, 1)}`, floor + number)
        for (const [known, expected] of model) {
          const [high = 0, low = 0] = known.split(' ').map(Number)
          if (expected > floor) expect(get(table, high, low)).toBe(expected)
          else expect([0, expected]).toContain(get(table, high, low))
        }
      }
      expect(table.evicted).toBe(0)
      expect(table.size).toBeLessThanOrEqual(model.size)
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('grows and shrinks as it is used, and holds all the while what lies above the floor', () => {
    const table = new KeyTable()
    const keyOf = (index: number) => ({ high: Math.imul(index, 2_654_435_761) >>> 0, low: index + 1 })
    for (let index = 0; index < 20_000; index += 1) {
      set(table, keyOf(index), index + 1)
      if (index % 997 === 0)
        for (let other = 0; other <= index; other += 1) expect(get(table, keyOf(other).high, other + 1)).toBe(other + 1)
    }
    expect([table.size, table.bytes]).toEqual([20_000, 16 * 32_768])
    // All but the last hundred count for nothing from now on, and new ones come.
    for (let index = 0; index < 40_000; index += 1) set(table, keyOf(100_000 + index), 19_901 + index, 19_900 + index)
    expect(table.size).toBeLessThan(100)
    expect(table.bytes).toBeLessThan(16 * 512)
    expect(table.evicted).toBe(0)
  })

  test('of full size forgets for each new key a low one, and none that it does not have to', () => {
    const table = new KeyTable(64)
    const random = seededRandom(1)
    const draw = () => ({ high: drawIndex(random, 2 ** 32), low: drawIndex(random, 2 ** 32) })
    const high = Array.from({ length: 16 }, draw)
    for (const one of high) set(table, one, 1_000_000)
    for (let index = 1; index <= 10_000; index += 1) {
      const one = draw()
      set(table, one, index)
      expect(get(table, one.high, one.low)).toBe(index)
      expect(table.size).toBeLessThanOrEqual(64)
    }
    expect(high.filter((one) => get(table, one.high, one.low) === 1_000_000)).toHaveLength(16)
    expect(table.evicted).toBe(10_000 - 48)
  })

  test('with room for one key holds the newest', () => {
    const table = new KeyTable(1)
    for (const low of [1, 2, 3]) set(table, { high: 5, low }, 7)
    expect([get(table, 5, 1), get(table, 5, 2), get(table, 5, 3), table.size, table.evicted]).toEqual([0, 0, 7, 1, 2])
  })

  test('of a million keys takes 32 MiB', () => {
    const table = new KeyTable()
    for (let index = 0; index < MAX_KEYS + 1000; index += 1)
      set(table, { high: Math.imul(index, 2_654_435_761) >>> 0, low: index }, 1)
    expect([table.size, table.bytes, table.evicted]).toEqual([MAX_KEYS, 32 * 1024 ** 2, 1000])
  })
})
