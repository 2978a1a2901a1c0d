import { describe, expect, test } from 'bun:test'
import { Pace } from '../../../core/strategy/pace.ts'
import { seededRandom } from '../../../core/random.ts'

/** Requests in turn, each taking what `msOf` says of its number, from 1; what was found slow, and which were timed. */
function paced(requests: number, msOf: (request: number) => number) {
  const slow: number[] = []
  const timed: number[] = []
  const pace = new Pace(20, (msPerRequest) => slow.push(msPerRequest))
  for (let request = 1; request <= requests; request += 1) {
    pace.next()
    if (!pace.isTiming) continue
    timed.push(request)
    // A pick and a hook, say.
    const ms = msOf(request)
    pace.add(ms / 2)
    pace.add(ms / 2)
  }
  return { pace, slow, timed }
}

describe('Pace', () => {
  test('times one request in 64 until there are enough samples, then one in 1024', () => {
    const { timed, slow } = paced(10_000, () => 0.001)
    expect(timed.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => 16 + 64 * index))
    expect(timed.slice(20)).toEqual(Array.from({ length: 8 }, (_, index) => 2064 + 1024 * index))
    expect(slow).toEqual([])
  })

  test('finds what is slow in every request within some fifty', () => {
    const { slow } = paced(60, () => 5)
    expect(slow).toHaveLength(1)
    expect(slow[0]).toBeCloseTo(5)
  })

  test('looks at 32 requests in a row once one was slow', () => {
    const { timed, slow } = paced(100, (request) => (request === 16 ? 50 : 0.001))
    expect(timed).toEqual([16, ...Array.from({ length: 32 }, (_, index) => 17 + index)])
    expect(slow).toEqual([])
  })

  test('does not mind a quarter of them being disturbed', () => {
    expect(paced(1000, (request) => (request % 4 === 0 ? 50 : 0.09)).slow).toEqual([])
  })

  test('finds what is slow in every second request', () => {
    const { slow } = paced(100, (request) => (request % 2 === 0 ? 2 : 0.001))
    expect(slow).toHaveLength(1)
    expect(slow[0]).toBeGreaterThan(0.1)
  })

  test('lets 0.1 ms pass, and no more', () => {
    expect(paced(100_000, () => 0.099).slow).toEqual([])
    expect(paced(100, () => 0.101).slow).toHaveLength(1)
  })

  test('takes no pause of a busy machine for slowness, however often it comes by chance', () => {
    const random = seededRandom(1)
    const { slow } = paced(200_000, () => (random() < 0.05 ? 4 : 0.002))
    expect(slow).toEqual([])
  })

  test('forgets with the strategy', () => {
    const { pace, slow } = paced(40, () => 5)
    pace.restart()
    for (let request = 1; request < 16; request += 1) {
      pace.next()
      expect(pace.isTiming).toBeFalse()
    }
    expect(slow).toEqual([])
  })
})
