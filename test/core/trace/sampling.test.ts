import { describe, expect, test } from 'bun:test'
import { seededRandom } from '../../../core/random.ts'
import { byRatio } from '../../../core/trace/sampling.ts'
import { spanIdOf, TraceIds, traceIdOf } from '../../../core/trace/trace-ids.ts'

const idEndingWith = (digits: string): string => digits.padStart(32, 'a')

/** Ids of a seed. */
function ids(): TraceIds {
  const random = seededRandom(7)
  return new TraceIds((bytes) => {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(random() * 256)
  })
}

describe('sampling by ratio', () => {
  test.each([
    [0.5, '7fffffffffffff', false],
    [0.5, '80000000000000', true],
    [0.25, 'bfffffffffffff', false],
    [0.25, 'c0000000000000', true],
    [1, '00000000000000', true],
    [0, 'ffffffffffffff', false],
    [1e-9, 'ffffffffffffff', true],
    [1e-9, 'fffffff0000000', false],
    // Which part of the threshold decides.
    [1 / 2 ** 40, 'fffffffffeffff', false],
    [1 / 2 ** 40, 'ffffffffff0000', true],
    [1 / 2 ** 40, 'fffffffeffffff', false],
  ])('of %p takes …%s: %p', (ratio, digits, isTaken) => {
    const sampler = byRatio(ratio)
    const id = idEndingWith(digits)
    const bytes = Buffer.from(`ffff${id}${'ff'.repeat(8)}`, 'hex')
    expect([sampler.takes(id), sampler.takesNew({ bytes, at: 2 })]).toEqual([isTaken, isTaken])
  })

  test('takes that part of random ids, and of less each of more', () => {
    const source = ids()
    const [few, many] = [byRatio(0.01), byRatio(0.1)]
    const taken = { few: 0, many: 0, fewAlone: 0 }
    for (let index = 0; index < 20_000; index += 1) {
      const drawn = source.draw()
      const id = traceIdOf(drawn)
      expect(few.takesNew(drawn)).toBe(few.takes(id))
      if (few.takes(id)) taken.few += 1
      if (many.takes(id)) taken.many += 1
      if (few.takes(id) && !many.takes(id)) taken.fewAlone += 1
    }
    // Six standard deviations.
    expect(Math.abs(taken.few - 200)).toBeLessThan(85)
    expect(Math.abs(taken.many - 2000)).toBeLessThan(255)
    expect(taken.fewAlone).toBe(0)
  })
})

describe('ids', () => {
  test('are hexadecimal digits, and each is another', () => {
    const source = ids()
    const seen = new Set<string>()
    for (let index = 0; index < 1000; index += 1) {
      const drawn = source.draw()
      const [traceId, spanId, other] = [traceIdOf(drawn), spanIdOf(drawn), source.spanId()]
      expect(traceId).toMatch(/^[0-9a-f]{32}$/)
      for (const id of [spanId, other]) expect(id).toMatch(/^[0-9a-f]{16}$/)
      seen.add(traceId).add(spanId).add(other)
    }
    expect(seen.size).toBe(3000)
  })

  test('are never all zeros', () => {
    let calls = 0
    const source = new TraceIds((bytes) => void bytes.fill(calls++ === 0 ? 0 : 0x2a))
    expect(source.spanId()).toBe('2a'.repeat(8))
    expect(calls).toBe(2)
    calls = 0
    const another = new TraceIds((bytes) => void bytes.fill(calls++ === 0 ? 0 : 0x2a))
    expect(traceIdOf(another.draw())).toBe('2a'.repeat(16))
  })
})
