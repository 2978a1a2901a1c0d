import { describe, expect, test } from 'bun:test'
import { REQUEST_ID_LENGTH, requestIds } from '../../../core/forward/request-id.ts'
import { seededRandom } from '../../../core/random.ts'

function idsOf(seed: number): () => string {
  const write = requestIds(seededRandom(seed))
  const out = Buffer.alloc(REQUEST_ID_LENGTH + 2, '!')
  return () => {
    expect(write(out, 1)).toBe(1 + REQUEST_ID_LENGTH)
    expect(out.toString('latin1', 0, 1) + out.toString('latin1', REQUEST_ID_LENGTH + 1)).toBe('!!')
    return out.toString('latin1', 1, 1 + REQUEST_ID_LENGTH)
  }
}

describe('a request id', () => {
  test('counts up in hexadecimal behind a random beginning', () => {
    const next = idsOf(1)
    const ids = Array.from({ length: 5000 }, next)
    const beginning = ids[0]!.slice(0, 12)
    expect(ids).toEqual(ids.map((_, index) => beginning + (index + 1).toString(16).padStart(12, '0')))
    expect(beginning).toMatch(/^[0-9a-f]{12}$/)
  })

  test('begins otherwise in each process', () => {
    expect(idsOf(1)().slice(0, 12)).not.toBe(idsOf(2)().slice(0, 12))
  })

  test('stays within its digits for draws at the edge', () => {
    for (const draw of [0, 1 - Number.EPSILON]) {
      const out = Buffer.alloc(REQUEST_ID_LENGTH)
      requestIds(() => draw)(out, 0)
      expect(out.toString('latin1')).toMatch(/^(0|f){12}000000000001$/)
    }
  })
})
