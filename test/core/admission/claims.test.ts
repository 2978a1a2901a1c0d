import { describe, expect, test } from 'bun:test'
import { claimLines } from '../../../core/admission/claims.ts'

const lines = (claims: object, ...wanted: string[]): string =>
  claimLines(
    claims as Record<string, unknown>,
    wanted.map((claim, index) => ({ claim, field: `x-${index}` })),
  )

describe('claims', () => {
  test.each([
    ['ann', 'x-0: ann\r\n'],
    [7, 'x-0: 7\r\n'],
    [false, 'x-0: false\r\n'],
    ['Zoë', 'x-0: Zo\xc3\xab\r\n'],
    [['a', 'b', 7, true], 'x-0: a,b,7,true\r\n'],
    [['a', ['b'], { c: 1 }, null, '', 'd'], 'x-0: a,d\r\n'],
  ])('such as %j stand in a field', (value, line) => {
    expect(lines({ sub: value }, 'sub')).toBe(line)
  })

  test.each([
    ['ann\r\nX-Admin: 1'],
    ['a\nb'],
    ['a\0'],
    [''],
    [' admin'],
    ['admin\u00a0'],
    [null],
    [{}],
    [[]],
    [[[]]],
    [['a\r\nb']],
    [['users,admins']],
  ])('such as %j stand in none', (value) => {
    expect(lines({ sub: value }, 'sub')).toBe('')
  })

  test('of which one member would pass for two are told without it', () => {
    expect(lines({ groups: ['a', 'users,admins', 'b'] }, 'groups')).toBe('x-0: a,b\r\n')
  })

  test('are found inside others, and by names with dots in them first', () => {
    const claims = { a: { b: { c: 1 }, d: [1, 2] }, 'a.d': 'own', 'https://x.example/roles': ['r'] }
    expect(lines(claims, 'a.b.c', 'a.d', 'https://x.example/roles', 'a.b.c.e', 'a.z.c')).toBe(
      'x-0: 1\r\nx-1: own\r\nx-2: r\r\n',
    )
  })

  test('are never what every object has', () => {
    expect(lines({ a: 'x', b: [] }, '__proto__', 'constructor.name', 'a.length', 'b.length', 'toString')).toBe('')
  })
})
