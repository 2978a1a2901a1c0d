import { describe, expect, test } from 'bun:test'
import { type FakeCandidate, fakePool } from '../../../core/lab/fakes.ts'
import { perArray, readOptions, tournament } from '../../../core/strategy/strategy.ts'
import { seededRandom } from '../../../core/random.ts'
import { contextOf } from '../../support/pick-context.ts'

const context = contextOf({ random: seededRandom(1) })

describe('perArray', () => {
  test('builds once for the first array', () => {
    const pool = fakePool([1, 1])
    let builds = 0
    const built = perArray(() => (builds += 1))
    expect([built(pool, context), built(pool, context), built(pool, context)]).toEqual([1, 1, 1])
  })

  test('keeps what it built while retries pass arrays of their own', () => {
    const pool = fakePool([1, 1, 1])
    let builds = 0
    const built = perArray(() => (builds += 1))
    built(pool, context)
    for (let index = 0; index < 10; index += 1) {
      expect(built(fakePool([1, 1]), context)).toBeUndefined()
      expect(built(fakePool([1]), context)).toBeUndefined()
      expect(built(pool, context)).toBe(1)
    }
  })

  test('builds for a new array at its second pick, whatever comes between', () => {
    const built = perArray((candidates) => candidates.length)
    built(fakePool([1]), context)
    const next = fakePool([1, 1])
    expect(built(next, context)).toBeUndefined()
    expect(built(fakePool([1, 1, 1]), context)).toBeUndefined()
    expect([built(next, context), built(next, context)]).toEqual([2, 2])
  })

  test('hands out a copy that nobody minds being changed', () => {
    const pool = fakePool([1, 2, 3])
    const frozen = Object.freeze([...pool] as const)
    const built = perArray((candidates) => {
      const own = candidates as FakeCandidate[] & typeof candidates
      own.reverse()
      return own
    })
    expect(built(frozen, context)).toEqual([pool[2]!, pool[1]!, pool[0]])
    expect(frozen[0]).toBe(pool[0])
  })
})

describe('tournament', () => {
  test('holds the least through any changes, as a search would find it', () => {
    for (const count of [1, 2, 3, 7, 8, 9, 100]) {
      const random = seededRandom(count)
      const numbers = tournament(count)
      const expected = Array.from({ length: count }, () => Math.floor(random() * 50))
      numbers.setAll((index) => expected[index]!)
      for (let change = 0; change < 500; change += 1) {
        expect(numbers.at(numbers.winner())).toBe(Math.min(...expected))
        const index = Math.floor(random() * count)
        const value = Math.floor(random() * 50)
        expected[index] = value
        numbers.set(index, value)
        expect(numbers.at(index)).toBe(value)
      }
    }
  })

  test('leaves a tie to the lower order, which stays when it is not said again', () => {
    const numbers = tournament(3)
    numbers.set(0, 5, 30)
    numbers.set(1, 5, 20)
    numbers.set(2, 5, 10)
    expect(numbers.winner()).toBe(2)
    numbers.set(2, 6)
    numbers.set(2, 5)
    expect(numbers.winner()).toBe(2)
    numbers.set(2, 5, 40)
    expect(numbers.winner()).toBe(1)
  })

  test('lets nothing win that has no number yet, but when nothing has one', () => {
    const numbers = tournament(5)
    expect(numbers.winner()).toBeLessThan(5)
    numbers.set(4, 1e300)
    expect(numbers.winner()).toBe(4)
  })
})

describe('readOptions', () => {
  const rules = {
    factor: { kind: 'number', min: 1, max: 2, default: 1.5 },
    decay: { kind: 'duration', min: 10, max: 60_000, default: 1000 },
  } as const

  test('fills in defaults, also for explicit undefined', () => {
    expect(readOptions(undefined, rules)).toEqual({ factor: 1.5, decay: 1000 })
    expect(readOptions({ factor: undefined }, rules)).toEqual({ factor: 1.5, decay: 1000 })
  })

  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1m', 60_000],
    ['0.5s', 500],
    ['10ms', 10],
  ])('reads the duration %s', (decay, ms) => {
    expect(readOptions({ decay }, rules).decay).toBe(ms)
  })

  test.each([
    '',
    '5',
    's',
    '-5s',
    '5 s',
    '1e3ms',
    '0x10ms',
    '5S',
    '9ms',
    '2m',
    '1h',
    '9'.repeat(400) + 's',
    '5s\n',
    '.5s',
  ])('refuses the duration %p', (decay) => {
    expect(() => readOptions({ decay }, rules)).toThrow(
      /^decay must be a duration of "10ms"\.\."1m", such as "1s", got "/,
    )
  })

  test.each([[5000], [null], [true], [{}], [[]], [['5s']]])('refuses %p where a duration belongs', (decay) => {
    expect(() => readOptions({ decay }, rules)).toThrow(/^decay must be a duration /)
  })

  test.each([[null], [[]], ['x'], [5], [true], [Symbol('s')]])('refuses %p as options', (raw) => {
    expect(() => readOptions(raw, rules)).toThrow(/^options must be an object, got /)
  })

  test.each(['constructor', 'toString', '__proto__x', ''])('refuses the unknown key %p', (key) => {
    expect(() => readOptions({ [key]: 1 }, rules)).toThrow(`${key} is not an option, known: factor, decay, got 1`)
  })

  test('refuses an own __proto__ key, as JSON may hold', () => {
    expect(() => readOptions(JSON.parse('{"__proto__": {"factor": 1}}'), rules)).toThrow('__proto__ is not an option')
  })

  test('tells all that is wrong, a line each, of very much the first hundred', () => {
    expect(() => readOptions({ decay: 5, factr: 1, factor: 9 }, rules)).toThrow(
      [
        'factr is not an option, known: factor, decay, got 1',
        'factor must be a number of 1..2, got 9',
        'decay must be a duration of "10ms".."1m", such as "1s", got 5',
      ].join('\n'),
    )
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`o${index}`, 1]))
    const lines = (() => {
      try {
        return readOptions(many, rules)
      } catch (error) {
        return String(error).split('\n').length
      }
    })()
    expect(lines).toBe(100)
  })

  test.each([
    [0, 3_600_000, '"0ms".."1h"'],
    [0.5, 90_000, '"0.5ms".."90s"'],
    [1001, 7_200_000, '"1001ms".."2h"'],
  ])('tells bounds of %p and %p ms in the largest unit that is exact', (min, max, range) => {
    const kind = 'duration'
    expect(() => readOptions({ t: 1 }, { t: { kind, min, max, default: 1000 } })).toThrow(
      `t must be a duration of ${range}, such as "1s", got 1`,
    )
  })

  test('says that there are none to know', () => {
    expect(() => readOptions({ a: 'b' }, {})).toThrow('a is not an option, known: none, got "b"')
  })

  describe('of texts', () => {
    const texts = {
      by: { kind: 'text', choices: ['errors', 'latency'], default: 'errors' },
      label: { kind: 'text', default: 'none' },
      window: { kind: 'duration', min: 10, max: 1000, default: 100 },
    } as const

    test('reads one of its choices, any text without choices, and numbers beside them', () => {
      expect(readOptions(undefined, texts)).toEqual({ by: 'errors', label: 'none', window: 100 })
      const given = readOptions({ by: 'latency', label: 'ü \u0000', window: '1s' }, texts)
      // Told apart by type, too.
      const [by, label, window]: [string, string, number] = [given.by, given.label, given.window]
      expect([by, label, window]).toEqual(['latency', 'ü \u0000', 1000])
    })

    test.each([[''], ['Errors'], ['errors '], ['__proto__'], [5], [null], [['errors']], [{}]])(
      'refuses %p as a choice',
      (by) => {
        expect(() => readOptions({ by }, texts)).toThrow(/^by must be "errors", "latency", got /)
      },
    )

    test.each(['', 'x'.repeat(1001), 5, true, null])('refuses %p as a text', (label) => {
      expect(() => readOptions({ label }, texts)).toThrow(/^label must be a text of 1\.\.1000 characters, got /)
    })
  })

  test('refuses keys of every object as unknown', () => {
    expect(() => readOptions(JSON.parse('{"__proto__": 1}'), rules)).toThrow('__proto__ is not an option')
    expect(() => readOptions({ toString: 1 }, rules)).toThrow('toString is not an option')
  })
})
