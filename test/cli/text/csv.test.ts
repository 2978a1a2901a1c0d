import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatCsv, parseCsv } from '../../../cli/text/csv.ts'

const recordsOf = (text: string): unknown => {
  const csv = parseCsv(text)
  return csv.kind === 'records' ? csv.records.map(({ line, cells }) => [line, ...cells]) : csv
}

describe('parseCsv', () => {
  test.each<[string, unknown]>([
    ['', []],
    ['a', [[1, 'a']]],
    [
      'a,b\nc,d',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d\r\n',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    ],
    [
      'a\rb',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    ['\n\r\na\n\n', [[3, 'a']]],
    [',', [[1, '', '']]],
    ['a,', [[1, 'a', '']]],
    ['""', []],
    ['"",', [[1, '', '']]],
    ['"a,b","c""d"', [[1, 'a,b', 'c"d']]],
    [
      '"a\nb",c\nd',
      [
        [1, 'a\nb', 'c'],
        [3, 'd'],
      ],
    ],
    [
      '"a\r\n\r\nb"\r\nd',
      [
        [1, 'a\r\n\r\nb'],
        [4, 'd'],
      ],
    ],
    [' a , b ', [[1, ' a ', ' b ']]],
    ['""""', [[1, '"']]],
    ['ü,😀', [[1, 'ü', '😀']]],
  ])('reads %j', (text, records) => {
    expect(recordsOf(text)).toEqual(records)
  })

  test.each([
    ['"a', 1, 1, 'this quote is not closed'],
    ['a\nb,"c\nd', 2, 3, 'this quote is not closed'],
    ['a"b', 1, 2, 'a quote stands at the beginning of a cell, and inside it twice'],
    ['"a"b', 1, 4, 'a comma or the end of the line is expected behind a closing quote'],
    ['"a\nbc"d', 2, 4, 'a comma or the end of the line is expected behind a closing quote'],
    ['"""', 1, 1, 'this quote is not closed'],
  ])('says of %j that at %d:%d %s', (text, line, column, rule) => {
    expect(parseCsv(text)).toEqual({ kind: 'fault', line, column, rule })
  })

  test('reads what formatCsv has written, whatever it is', () => {
    const cells = fc.array(fc.oneof(fc.string(), fc.constantFrom('"', ',', '\n', '\r\n', ' ', '')), { minLength: 2 })
    fc.assert(
      fc.property(fc.array(cells), (rows) => {
        const csv = parseCsv(rows.map(formatCsv).join(''))
        expect(csv.kind === 'records' && csv.records.map((record) => record.cells)).toEqual(rows)
      }),
    )
  })

  test('takes time for its length alone', () => {
    const cell = `"${'""'.repeat(500_000)}",${'x'.repeat(500_000)},`
    expect(parseCsv(cell.repeat(4)).kind).toBe('records')
    expect(parseCsv(`"${'\n'.repeat(500_000)}`).kind).toBe('fault')
  })
})
