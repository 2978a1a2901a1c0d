import { describe, expect, test } from 'bun:test'
import { NumberedBackends } from '../../../core/sticky/numbered.ts'
import { makeBackend } from '../../support/make-backend.ts'

const ttlMs = 1000

describe('numbered backends', () => {
  test('have a number each, from 1, and are found by it', () => {
    const numbered = new NumberedBackends()
    const [a, b] = [makeBackend(1), makeBackend(2)]
    numbered.update([a, b], 0, ttlMs)
    expect([a, b].map((one) => numbered.backendOf(numbered.numberOf(one)))).toEqual([a, b])
    expect(numbered.numberOf(a)).not.toBe(numbered.numberOf(b))
    expect([numbered.numberOf(makeBackend(3)), numbered.backendOf(0), numbered.backendOf(3)]).toEqual([
      0,
      undefined,
      undefined,
    ])
  })

  test('are none once they have gone, and have their number again when they come back', () => {
    const numbered = new NumberedBackends()
    const [a, b] = [makeBackend(1), makeBackend(2)]
    numbered.update([a, b], 0, ttlMs)
    const number = numbered.numberOf(b)
    numbered.update([a], 10, ttlMs)
    expect([numbered.numberOf(b), numbered.backendOf(number)]).toEqual([0, undefined])
    const again = makeBackend(2)
    numbered.update([again, a], 100_000, ttlMs)
    expect([numbered.numberOf(again), numbered.numberOf(b)]).toEqual([number, 0])
  })

  test('give their number to another as soon as nothing can be remembered by it', () => {
    const numbered = new NumberedBackends()
    const [a, b, c, d] = [makeBackend(1), makeBackend(2), makeBackend(3), makeBackend(4)]
    numbered.update([a, b], 0, ttlMs)
    const number = numbered.numberOf(b)
    numbered.update([a], 500, ttlMs)
    numbered.update([a, c], 1500, ttlMs)
    expect(numbered.numberOf(c)).not.toBe(number)
    numbered.update([a, c, d], 1501, ttlMs)
    expect(numbered.numberOf(d)).toBe(number)
    numbered.update([a, b, c, d], 1502, ttlMs)
    const numbers = [a, b, c, d].map((one) => numbered.numberOf(one))
    expect([new Set(numbers).size, numbers.includes(0)]).toEqual([4, false])
  })

  test('need no more numbers for backends that come and go for ever', () => {
    const numbered = new NumberedBackends()
    let highest = 0
    for (let port = 1; port <= 1000; port += 1) {
      const backend = makeBackend(port)
      numbered.update([backend], port * ttlMs, ttlMs)
      highest = Math.max(highest, numbered.numberOf(backend))
    }
    expect(highest).toBeLessThanOrEqual(3)
  })
})
