import { describe, expect, test } from 'bun:test'
import { showText } from '../../../core/config/read/show.ts'

describe('showText', () => {
  test.each([
    ['', '""'],
    ['http://a', '"http://a"'],
    ['http://me:secret@a', '"…@a"'],
    ['http//me:sec@ret@a', '"…@a"'],
    ['me:sec\nret@a', '"…@a"'],
    ['a\n\u001b[2J', String.raw`"a\n\u001b[2J"`],
    ['\u202ea\u2028\u009b', String.raw`"\u202ea\u2028\u009b"`],
    ['"', String.raw`"\""`],
  ])('shows %j as %s', (text, shown) => {
    expect(showText(text)).toBe(shown)
  })

  test('shortens what nobody reads to its end', () => {
    expect(showText('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`)
    expect(showText('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(80)}…"`)
  })
})
