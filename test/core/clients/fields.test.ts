import { describe, expect, test } from 'bun:test'
import { checkClient, checkPlan } from '../../../core/clients/fields.ts'

const fieldsOf = (client: object): string[] => checkClient(client).map(({ field }) => field)

describe('a client', () => {
  const allowed: readonly object[] = [
    { name: 'x' },
    { name: 'x'.repeat(200) },
    { name: '🎈'.repeat(200) },
    { name: ' ' },
    { name: 'x', id: 'A' },
    { name: 'x', id: `a${'-._~'.repeat(15)}b_c` },
    { name: 'x', note: '' },
    { name: 'x', note: 'a\tb\nc' },
    { name: 'x', note: '🎈'.repeat(2000) },
    { name: 'x', rate: { count: 1, perMs: 1000 } },
    { name: 'x', rate: { count: 1e9, perMs: 86_400_000 }, burst: 1e9 },
    { name: 'x', burst: 1, isEnabled: false, validUntil: 0 },
    { name: 'x', validUntil: 8.64e15 },
    { name: 'x', keyHash: 'a'.repeat(64), keyPrefix: 'sek_a-_Z1234' },
    { name: 'x', plan: undefined, rate: undefined, burst: undefined, validUntil: undefined, id: undefined },
  ]
  for (const client of allowed) {
    test(`may be ${shown(client)}`, () => expect(checkClient(client)).toEqual([]))
  }

  const refused: readonly (readonly [field: string, values: readonly unknown[]])[] = [
    [
      'name',
      [
        undefined,
        null,
        1,
        '',
        'x'.repeat(201),
        'x'.repeat(1e6),
        'a\u0000',
        'a\nb',
        '\u007f',
        '\u0085',
        '\u2028',
        '\ud800',
        ['x'],
      ],
    ],
    ['id', [null, '', '-a', '.', '..', 'a/b', 'a b', 'é', 'a'.repeat(65), "a'b", 'a\n', 5, {}]],
    ['plan', [null, '', '../x', 'a'.repeat(65), 5]],
    ['note', [null, 'x'.repeat(2001), 'a\u001b[2J', 'a\r\nb', '\udc00', 5]],
    ['burst', [null, 0, -1, 0.5, 1e9 + 1, Infinity, NaN, '5', 5n]],
    [
      'rate',
      [null, 5, '5/s', [], {}, { count: 0, perMs: 1000 }, { count: -1, perMs: 1000 }, { count: 1.5, perMs: 1000 }],
    ],
    [
      'rate',
      [
        { count: 1e9 + 1, perMs: 1000 },
        { count: 1, perMs: 5 },
        { count: 1 },
        { perMs: 1000 },
        { count: '1', perMs: 1000 },
      ],
    ],
    ['isEnabled', [null, 0, 1, 'true']],
    ['validUntil', [null, -1, 0.5, 8.64e15 + 1, Infinity, '2026-01-01']],
  ]
  for (const [field, values] of refused) {
    for (const value of values) {
      test(`has no ${field} ${shown(value)}`, () => expect(fieldsOf({ name: 'x', [field]: value })).toEqual([field]))
    }
  }

  test('is told of every field at once, with what it was and no more of it than fits', () => {
    const problems = checkClient({ name: 'x'.repeat(1e6), burst: -1, id: '\u001b[2J' })
    expect(problems.map(({ field }) => field)).toEqual(['id', 'name', 'burst'])
    expect(problems[2]?.message).toBe('must be a whole number from 1 to 1000000000, got -1')
    expect(problems[0]?.message).toContain('got "\\u001b[2J"')
    for (const { message } of problems) expect(message.length).toBeLessThan(200)
  })

  test('has a hash and a prefix of its key, or neither; a hash is not shown', () => {
    expect(checkClient({ name: 'x', keyHash: 'a'.repeat(64) })).toEqual([
      { field: 'keyPrefix', message: 'is required beside keyHash' },
    ])
    expect(checkClient({ name: 'x', keyPrefix: 'sek_12345678' })).toEqual([
      { field: 'keyHash', message: 'is required beside keyPrefix' },
    ])
    expect(checkClient({ name: 'x', keyHash: 'A'.repeat(64), keyPrefix: 'sek_12345678' })).toEqual([
      { field: 'keyHash', message: 'must be 64 lower-case hex digits' },
    ])
    expect(fieldsOf({ name: 'x', keyHash: 'a'.repeat(64), keyPrefix: 'sek_1234567' })).toEqual(['keyPrefix'])
  })

  test('does not inherit its fields', () => {
    expect(fieldsOf(Object.create({ name: 'x' }) as object)).toEqual(['name'])
  })
})

test('a plan has a name that may stand in a path, and limits', () => {
  expect(checkPlan({ name: 'gold', rate: { count: 1, perMs: 60_000 }, burst: 2 })).toEqual([])
  expect(checkPlan({ name: 'a/b', burst: 0 }).map(({ field }) => field)).toEqual(['name', 'burst'])
})

function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined')
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text
}
