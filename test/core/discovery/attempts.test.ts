import { describe, expect, test } from 'bun:test'
import { type Attempt, keepTrying } from '../../../core/discovery/attempts.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function trying(first?: (attempt: Attempt) => void) {
  const clock = virtualClock()
  const attempts: Attempt[] = []
  const said: string[] = []
  const cancel = keepTrying({ clock, random: () => 0 }, { lose: (reason) => said.push(reason) }, (attempt) => {
    const number = attempts.push(attempt)
    if (number === 1) first?.(attempt)
    return () => said.push(`${number} stopped`)
  })
  return { clock, attempts, said, cancel, last: () => attempts.at(-1)! }
}

describe('what is tried again', () => {
  test('begins anew after 1, 2, 4 and 8 s', () => {
    const { clock, attempts, last } = trying()
    for (const [index, waitMs] of [1000, 2000, 4000, 8000, 8000].entries()) {
      last().failed('away')
      clock.advance(waitMs - 1)
      expect(attempts).toHaveLength(1 + index)
      clock.advance(1)
      expect(attempts).toHaveLength(2 + index)
    }
  })

  test('begins after 1 s again once it has worked', () => {
    const { clock, attempts, last } = trying()
    last().failed('away')
    clock.advance(1000)
    last().works()
    last().failed('away')
    clock.advance(1000)
    expect(attempts).toHaveLength(3)
  })

  test('begins at once where that is no failure, and not ten times in a turn', () => {
    const { clock, attempts, said, last } = trying()
    last().again()
    clock.advance(99)
    expect(attempts).toHaveLength(1)
    clock.advance(1)
    expect([attempts.length, said]).toEqual([2, ['1 stopped']])
  })

  test('ends once, however often it says so', () => {
    const { clock, attempts, said, last } = trying()
    const first = last()
    first.failed('away')
    first.failed('again')
    first.again()
    clock.advance(1000)
    first.failed('late')
    first.works()
    expect([attempts.length, said]).toEqual([2, ['1 stopped', 'away']])
  })

  test('is stopped even where it failed as it began', () => {
    const { clock, attempts, said } = trying((attempt) => attempt.failed('away'))
    expect(said).toEqual(['away', '1 stopped'])
    clock.advance(1000)
    expect(attempts).toHaveLength(2)
  })

  test('is stopped for good', () => {
    const { clock, said, cancel, last } = trying()
    cancel()
    expect(said).toEqual(['1 stopped'])
    const other = trying()
    other.last().failed('away')
    other.cancel()
    expect([clock.pending(), other.clock.pending()]).toEqual([0, 0])
    last().works()
  })
})
