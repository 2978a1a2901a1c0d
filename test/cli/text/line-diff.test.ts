import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { lineDiff } from '../../../cli/text/line-diff.ts'

const letters = (text: string): string => text.split('').join('\n')

describe('a difference of lines', () => {
  test.each([
    ['', '', ''],
    ['abc', 'abc', ''],
    ['abc', 'axc', '@@ -1 +1 @@\n a\n-b\n+x\n c\n'],
    ['', 'a', '@@ -1 +1 @@\n-\n+a\n'],
    ['abcdefgh', 'abcdefghi', '@@ -6 +6 @@\n f\n g\n h\n+i\n'],
    ['abcdefghijklm', 'xbcdefghijkly', '@@ -1 +1 @@\n-a\n+x\n b\n c\n d\n@@ -10 +10 @@\n j\n k\n l\n-m\n+y\n'],
  ])('of %p and %p is shown with three lines around', (from, to, diff) => {
    expect(lineDiff(letters(from), letters(to))).toBe(diff)
  })

  test('does not tell whether the last line ends', () => expect(lineDiff('a\n', 'a')).toBe(''))

  test('tells what was there and what is, and no more of it than needed', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(text, text, (from, to) => {
        const lines = lineDiff(from.join('\n'), to.join('\n')).split('\n')
        const changed = lines.filter((line) => /^[+-]/.test(line)).length
        expect(changed).toBe(from.length + to.length - 2 * commonLength(from, to))
      }),
    )
  })

  test('of texts that have nothing in common ends soon', () => {
    const lines = (mark: string): string => Array.from({ length: 20_000 }, (_, line) => `${mark}${line}`).join('\n')
    expect(lineDiff(lines('a'), lines('b')).split('\n').length).toBe(40_002)
  })
})

/** Of the longest sequence that both have, by the textbook's table. */
function commonLength(from: readonly string[], to: readonly string[]): number {
  let row = Array<number>(to.length + 1).fill(0)
  for (const line of from) {
    const next = [0]
    for (const [index, other] of to.entries())
      next.push(line === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}
