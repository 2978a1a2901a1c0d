import { describe, expect, test } from 'bun:test'
import { csvHeader, csvLine, readClients } from '../../../cli/client/client-file.ts'

const linesOf = (text: string): unknown => {
  const read = readClients(text, 'csv')
  if (read.kind === 'fault') return read
  const values = read.text === '' ? [] : read.text.split('\n').map((line): unknown => JSON.parse(line))
  return { values, numbers: read.numbers }
}

describe('a CSV file of clients', () => {
  test('has the columns that its first line names, in any order', () => {
    expect(linesOf('burst,name,enabled\n5,Ann,TRUE\n\n,"Bob\nJr",false\nx,Carl')).toEqual({
      values: [
        { burst: 5, name: 'Ann', enabled: true },
        { name: 'Bob\nJr', enabled: false },
        { burst: 'x', name: 'Carl' },
      ],
      numbers: [2, 4, 6],
    })
  })

  test('may begin with the mark that spreadsheets write', () => {
    expect(linesOf('\uFEFFname\r\nAnn\r\n')).toEqual({ values: [{ name: 'Ann' }], numbers: [2] })
  })

  test.each([
    ['', 1, 'the first line must name the columns, "name" among them, of id, name, '],
    ['id\na', 1, 'the first line must name the columns, "name" among them, of id, name, '],
    ['name,key\na,b', 1, 'the first line must name columns, and "key" is none of id, name, plan, rate, burst, note, '],
    ['name,__proto__\na,b', 1, 'the first line must name columns, and "__proto__" is none of '],
    ['name,id,name\na,b,c', 1, 'the column "name" must stand there once'],
    ['name,id\na,b\nc,d,e', 3, 'there are 3 cells, and 2 columns in the first line'],
    ['name\n"a', 2, 'this quote is not closed'],
    ['{"name":"a"}', 1, 'a quote stands at the beginning of a cell'],
  ])('%j is refused at line %d: %s', (text, line, rule) => {
    expect(linesOf(text)).toMatchObject({ kind: 'fault', line, rule: expect.stringContaining(rule) })
  })

  test('of an export holds what was exported', () => {
    const client = {
      id: 'a',
      name: 'Ann, "x"',
      plan: null,
      rate: '5/s',
      burst: 7,
      note: ' one\ntwo',
      enabled: false,
      validUntil: null,
      keyHash: '0'.repeat(64),
      keyPrefix: 'sek_12345678',
    }
    const { plan: _plan, validUntil: _until, ...rest } = client
    expect(linesOf(csvHeader + csvLine(JSON.stringify(client)))).toEqual({ values: [rest], numbers: [2] })
  })
})

test('JSON lines stand for themselves', () => {
  const text = '{"name":"a"}\n\n{"name":\n'
  expect(readClients(`\uFEFF${text}`, 'jsonl')).toEqual({ kind: 'lines', text })
})
