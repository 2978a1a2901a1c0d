import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isMarked, markNamedByConnection } from '../../../core/forward/forwarded-fields.ts'
import { takeCookie } from '../../../core/forward/own-cookie.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const fieldsOf = (lines: string) => parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).fields

describe('takeCookie', () => {
  test.each([
    ['Cookie: own=1\r\n', ''],
    ['Cookie: own=1; a=2\r\n', 'Cookie: a=2\r\n'],
    ['Cookie: a=2; own=1\r\n', 'Cookie: a=2\r\n'],
    ['Cookie: a=2; own=1; b=3\r\n', 'Cookie: a=2; b=3\r\n'],
    ['cookie:a=2;own=1;b=3\r\n', 'cookie:a=2;b=3\r\n'],
    ['Cookie: own=1; own=2; a="x; own=3"\r\n', 'Cookie: a="x\r\n'],
    ['Cookie: own=1;;; \t;own=2\r\n', ''],
    ['Cookie: \xe9=\xff; own=1\r\n', 'Cookie: \xe9=\xff\r\n'],
    ['Cookie: own=1\r\nCookie: b=2\r\nCookie: c=3; own=4\r\n', 'Cookie: c=3\r\n'],
    ['Cookie: own = 1 ; a=2\r\n', 'Cookie: a=2\r\n'],
  ])('of %p leaves %p to be written', (lines, rest) => {
    const fields = fieldsOf(lines)
    expect(takeCookie(fields, 'own')).toBe(rest)
    const held = fields.bytes
      .toString('latin1')
      .split('\r\n')
      .slice(2, 2 + fields.count - 1)
    expect(held.map((_, at) => isMarked(fields, at + 1))).toEqual(held.map((line) => line.includes('own')))
  })

  test.each(['', 'Cookie: a=1; OWN=2; own; xown=3; ownx=4\r\n', 'X: own=1\r\n'])('leaves %p as it is', (lines) => {
    const fields = fieldsOf(lines)
    expect(takeCookie(fields, 'own')).toBe('')
    expect(Array.from({ length: fields.count }, (_, at) => isMarked(fields, at))).not.toContain(true)
  })

  test('brings nothing back that Connection has named away', () => {
    const fields = fieldsOf('Connection: cookie\r\nCookie: a=1; own=2\r\n')
    markNamedByConnection(fields)
    expect(takeCookie(fields, 'own')).toBe('')
  })

  test('takes no longer for many separators before it', () => {
    expect(takeCookie(fieldsOf(`Cookie: a=1${' ;'.repeat(30_000)}own=1\r\n`), 'own')).toBe('Cookie: a=1\r\n')
  })

  const piece = fc.constantFrom('own', 'owner', 'Own', 'a', '=', ';', '; ', ' ', '\t', '"', '\xff', 'own=1', 'own=2;')

  /** The pairs of Cookie lines, without the white space around them. */
  const pairsOf = (values: readonly string[]): string[] =>
    values.flatMap((value) => value.split(';').map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))).filter(Boolean)

  test('takes the pairs of its name and leaves every other, in order, of any field', () => {
    const anyLines = fc.array(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      { maxLength: 4 },
    )
    const property = fc.property(anyLines, (values) => {
      const fields = fieldsOf(values.map((value) => `Cookie:${value}\r\n`).join(''))
      const written = takeCookie(fields, 'own')
      const left = values.filter((_, at) => !isMarked(fields, at + 1))
      const rewritten = written
        .split('\r\n')
        .slice(0, -1)
        .map((line) => line.slice('Cookie:'.length))
      const isOwn = (pair: string): boolean => /^own[ \t]*=/.test(pair)
      const touched = values.filter((value) => pairsOf([value]).some(isOwn))
      expect(pairsOf(rewritten)).toEqual(pairsOf(touched).filter((pair) => !isOwn(pair)))
      expect(left).toEqual(values.filter((value) => !touched.includes(value)))
      expect(written.length).toBeLessThanOrEqual(touched.reduce((sum, value) => sum + `Cookie:${value}\r\n`.length, 0))
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
