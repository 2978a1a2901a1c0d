import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { entryBytes, SessionTable } from '../../../core/sticky/session-table.ts'
import { seededRandom } from '../../../core/random.ts'

/** A table of so many entries. */
const tableOf = (entries: number): SessionTable => new SessionTable(entries * entryBytes)

/** Of all that it consists of. */
const bytesOf = (table: SessionTable): number =>
  Object.values(table).reduce((sum: number, part: unknown) => sum + (ArrayBuffer.isView(part) ? part.byteLength : 0), 0)

describe('a table of sessions', () => {
  test('has as many entries as whole ones fit', () => {
    expect([new SessionTable(entryBytes).capacity, new SessionTable(3 * entryBytes - 1).capacity]).toEqual([1, 2])
  })

  test('remembers each key by both of its halves', () => {
    const table = tableOf(8)
    table.set(1, 1, 11, 0)
    table.set(1, 2, 12, 0)
    table.set(2 ** 32 - 1, 2 ** 32 - 1, 13, 0)
    expect([table.get(1, 1, 0), table.get(1, 2, 0), table.get(2 ** 32 - 1, 2 ** 32 - 1, 0)]).toEqual([11, 12, 13])
    expect([table.get(2, 1, 0), table.get(0, 0, 0), table.size]).toEqual([0, 0, 3])
  })

  test('gives what was set last, and nothing that was set before the given time', () => {
    const table = tableOf(2)
    table.set(1, 1, 5, 100)
    expect([table.get(1, 1, 100), table.get(1, 1, 100.5)]).toEqual([5, 0])
    table.set(1, 1, 6, 200)
    expect([table.get(1, 1, 200), table.size]).toEqual([6, 1])
  })

  test('forgets what was set longest ago when it is full', () => {
    const table = tableOf(3)
    for (const key of [1, 2, 3]) table.set(key, key, key, key)
    table.set(1, 1, 9, 4)
    table.set(4, 4, 4, 5)
    expect([1, 2, 3, 4].map((key) => table.get(key, key, 0))).toEqual([9, 0, 3, 4])
  })

  test('with room for one holds the newest', () => {
    const table = tableOf(1)
    for (const key of [1, 2, 1]) table.set(key, key, key, key)
    expect([table.get(1, 1, 0), table.get(2, 2, 0), table.size]).toEqual([1, 0, 1])
  })

  test('takes over the newest of a larger one, with their times and in their order', () => {
    const [large, small] = [tableOf(4), tableOf(2)]
    for (const key of [1, 2, 3, 4]) large.set(key, key, key, key)
    large.set(3, 3, 3, 5)
    small.takeOver(large)
    expect([1, 2, 3, 4].map((key) => small.get(key, key, 0))).toEqual([0, 0, 3, 4])
    expect([small.get(4, 4, 4.5), small.get(3, 3, 5)]).toEqual([0, 3])
    small.set(6, 6, 6, 6)
    expect([3, 4, 6].map((key) => small.get(key, key, 0))).toEqual([3, 0, 6])
  })

  /** Few keys, most of them in one bucket, so that chains are long and evictions frequent. */
  const step = fc.record({ high: fc.integer({ min: 0, max: 12 }), low: fc.integer({ min: 0, max: 1 }) })

  test('does what a map in order of use does', () => {
    const property = fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (room, steps) => {
      const table = tableOf(room)
      const model = new Map<string, number>()
      steps.forEach(({ high, low }, index) => {
        const key = `${high} ${low}`
        model.delete(key)
        model.set(key, index + 1)
        const [eldest] = model.keys()
        if (model.size > room && eldest !== undefined) model.delete(eldest)
        table.set(high, low, index + 1, index)
        for (let other = 0; other <= 12; other += 1) {
          for (const half of [0, 1]) expect(table.get(other, half, 0)).toBe(model.get(`${other} ${half}`) ?? 0)
        }
        expect(table.size).toBe(model.size)
      })
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('holds of a million sessions as many as it has room for, in the memory it was given', () => {
    const maxBytes = 8 * 1024 * 1024
    const table = new SessionTable(maxBytes)
    const taken = bytesOf(table)
    const random = seededRandom(1)
    const keys = new Uint32Array(2_000_000).map(() => random() * 2 ** 32)
    for (let session = 0; session < 1_000_000; session += 1) {
      table.set(keys[2 * session]!, keys[2 * session + 1]!, 1 + (session % 7), session)
    }
    expect(bytesOf(table)).toBe(taken)
    expect(taken).toBeGreaterThan(maxBytes - 2 * entryBytes)
    expect(taken).toBeLessThanOrEqual(maxBytes + entryBytes)
    expect(table.size).toBe(table.capacity)
    const held = (session: number): number => table.get(keys[2 * session]!, keys[2 * session + 1]!, 0)
    for (let session = 0; session < 1_000_000; session += 1) {
      const isRecent = session >= 1_000_000 - table.capacity
      if (held(session) !== (isRecent ? 1 + (session % 7) : 0)) expect([session, held(session)]).toEqual([session, 0])
    }
  })
})
