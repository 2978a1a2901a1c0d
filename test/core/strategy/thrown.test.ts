import { describe, expect, test } from 'bun:test'
import { messageOf, positionOf } from '../../../core/strategy/thrown.ts'
import { readOptions } from '../../../core/strategy/strategy.ts'

const withStack = (stack: string): Error => Object.assign(new Error('x'), { stack })

describe('positionOf', () => {
  test('points at the line that threw', () => {
    expect(positionOf(new Error('here'))).toMatch(/thrown\.test\.ts:9:\d+$/)
  })

  test('skips the frames of the core that a strategy called into', () => {
    const caught = ((): unknown => {
      try {
        return readOptions(5, {})
      } catch (error) {
        return error
      }
    })()
    expect(positionOf(caught)).toMatch(/thrown\.test\.ts:15:\d+$/)
  })

  test('takes frames with and without a function', () => {
    expect(positionOf(withStack('Error: x\n    at /a b/c.ts:3:4'))).toBe('/a b/c.ts:3:4')
    expect(positionOf(withStack('Error: x\n    at pick (/a/c.ts:3:4)\n    at /d.ts:1:1'))).toBe('/a/c.ts:3:4')
  })

  test.each([
    undefined,
    null,
    'text',
    {},
    withStack(''),
    withStack('Error: at night'),
    withStack('at map (native:1:11)'),
    Object.assign(new Error('x'), { stack: 5 }),
  ])('knows no position for what has none: %#', (error) => {
    expect(positionOf(error)).toBeUndefined()
  })

  test('takes a huge stack in its stride', () => {
    expect(positionOf(withStack('    at (('.repeat(50_000)))).toBeUndefined()
  })
})

describe('messageOf', () => {
  test.each([
    [new Error('boom'), 'boom'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [Object.assign(new Error('x'), { message: { a: 1 } }), '[object Object]'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), 'something unspeakable'],
    [
      {
        toString: () => {
          throw new Error('no')
        },
      },
      'something unspeakable',
    ],
  ])('puts into words whatever was thrown: %#', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message)
  })

  test('survives an error whose parts throw', () => {
    const hostile = new Error('x')
    for (const key of ['message', 'stack']) {
      Object.defineProperty(hostile, key, {
        get() {
          throw new Error('no')
        },
      })
    }
    expect(messageOf(hostile)).toBe('something unspeakable')
    expect(positionOf(hostile)).toBeUndefined()
  })
})
