import { describe, expect, test } from 'bun:test'
import { FieldSection } from '../../../core/http1/field-section.ts'
import { HOST, UPGRADE, VIA } from '../../../core/http1/field-names.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import { fieldsOf } from '../../support/http1.ts'
import {
  expectRequest,
  expectRequestRefused,
  expectResponse,
  expectResponseRefused,
} from '../../support/http1-cases.ts'

const HOST_LINE = 'Host: a\r\n'
const START = 'GET / HTTP/1.1\r\n'
const request = (lines: string): string => `${START}${HOST_LINE}${lines}\r\n`
const response = (lines: string): string => `HTTP/1.1 200 OK\r\n${lines}\r\n`

/** The same lines must fare the same in a request and in a response. */
function expectFields(lines: string, fields: readonly (readonly [string, string])[]): void {
  expectRequest(request(lines), { fields: [['Host', 'a'], ...fields] })
  expectResponse(response(lines), { fields })
}

function expectRefused(lines: string, rule: RegExp): void {
  expectRequestRefused(request(lines), rule)
  expectRequestRefused(`${START}${lines}${HOST_LINE}\r\n`, rule)
  expectResponseRefused(response(lines), rule)
}

describe('valueNamed and lineNamed', () => {
  const { fields } = parseRequest('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a:  2 \r\nX-B:\r\n\r\n')

  test('find the first line of a name, in any case', () => {
    expect(['x-a', 'x-b', 'x-c', 'x'].map((name) => fields.valueNamed(name))).toEqual(['1', '', undefined, undefined])
  })

  test('go on from where they are told to', () => {
    expect([0, 1, 2, 3, 9].map((from) => fields.lineNamed(bytesOf('x-a'), from))).toEqual([1, 1, 2, -1, -1])
  })
})

describe('field lines', () => {
  test('keep their order, case and repeats', () => {
    expectFields('X-b: 1\r\nx-A: 2\r\nX-B: 3\r\nSet-Cookie: a\r\nset-cookie: b\r\nX-b: 1\r\n', [
      ['X-b', '1'],
      ['x-A', '2'],
      ['X-B', '3'],
      ['Set-Cookie', 'a'],
      ['set-cookie', 'b'],
      ['X-b', '1'],
    ])
  })

  test('keep every byte that a value may hold', () => {
    const visible = Array.from({ length: 0x100 }, (_, byte) => String.fromCharCode(byte))
      .filter((character) => character === '\t' || (character >= ' ' && character !== '\x7f'))
      .join('')
    expectFields(`X: [${visible}]\r\n`, [['X', `[${visible}]`]])
  })

  test('keep every name of token characters', () => {
    const name = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    expectFields(`${name}: v\r\n`, [[name, 'v']])
    expectFields('a:b\r\n', [['a', 'b']])
  })

  test.each([
    ['X:v', 'v'],
    ['X: v', 'v'],
    ['X:\t \tv \t ', 'v'],
    ['X: a  b\tc ', 'a  b\tc'],
    ['X:', ''],
    ['X: \t ', ''],
    ['X: :', ':'],
    ['X: \xa0v\xa0', '\xa0v\xa0'],
    ['X: "a\\"b"', '"a\\"b"'],
  ])('of %p have the value %p', (line, value) => {
    expectFields(`${line}\r\n`, [['X', value]])
  })

  const forbidden = [...Array.from({ length: 32 }, (_, byte) => byte), 0x7f].filter((byte) => byte !== 9)
  test.each(forbidden.filter((byte) => byte !== 10 && byte !== 13))('refuse byte %d in a value', (byte) => {
    const character = String.fromCharCode(byte)
    for (const value of [character, `a${character}b`, `a${character}`, ` ${character} `]) {
      expectRefused(`X: ${value}\r\n`, /value may not hold byte 0x/)
    }
  })

  const separators = [...Buffer.from('"(),/;<=>?@[\\]{}')]
  const noNames = [...forbidden, ...separators, ...Array.from({ length: 128 }, (_, index) => 128 + index)]
  test('refuse every byte in a name that is not of a token', () => {
    for (const byte of noNames) {
      const character = String.fromCharCode(byte)
      for (const name of [`a${character}b`, `a${character}`, `${character}b`]) {
        expect(() => parseResponse(response(`${name}: v\r\n`))).toThrow(/field name may not|CRLF|colon|followed by LF/)
        expect(() => parseRequest(request(`${name}: v\r\n`))).toThrow(/field name may not|CRLF|colon|followed by LF/)
      }
    }
  })

  test.each([
    ['white space before the colon', 'X : v\r\n', /between a field name and its colon/],
    ['a tab before the colon', 'Content-Length\t: 5\r\n', /between a field name and its colon/],
    ['an empty name', ': v\r\n', /name may not be empty/],
    ['a line without a colon', 'X\r\n', /must have a colon/],
    ['a folded line', 'X: a\r\n b\r\n', /line folding/],
    ['a line folded by a tab', 'X: a\r\n\tb\r\n', /line folding/],
    ['a folded line that is blank', 'X: a\r\n \r\n', /line folding/],
    ['a first line that begins with a space', ' X: a\r\n', /line folding/],
    ['a bare LF behind a value', 'X: a\nY: b\r\n', /bare LF/],
    ['a bare LF for an empty line', '\nX: a\r\n', /bare LF/],
    ['a bare LF behind a name', 'X\n: a\r\n', /bare LF/],
    ['a bare CR in a value', 'X: a\rb\r\n', /followed by LF/],
    ['a CR before CRLF', 'X: a\r\r\n', /followed by LF/],
    ['a bare CR at the start of a line', '\rX: a\r\n', /followed by LF/],
    ['NUL in a name', 'X\0: a\r\n', /name may not hold byte 0x00/],
    ['a name with a high byte', 'Transfer-Encodin\xe7: chunked\r\n', /name may not hold byte 0xe7/],
  ])('are refused for %s', (_, lines, rule) => {
    expectRefused(lines, rule)
  })

  test('are refused when a bare LF ends the head', () => {
    expectRequestRefused(`${START}${HOST_LINE}\n\r\n\r\n`, /bare LF/)
    expectRequestRefused(`${START}Host: a\n\n`, /bare LF/)
    expectResponseRefused('HTTP/1.1 200 OK\r\nX: a\n\n', /bare LF/)
  })

  test('may be none in a response', () => {
    expectResponse(response(''), { fields: [] })
  })
})

describe('FieldSection', () => {
  const parse = (text: string, section = new FieldSection(8)): FieldSection => {
    expect(section.parse(bytesOf(text), 0, text.length, limits)).toBe(text.length)
    return section
  }

  test('gives the lines as they came by their offsets', () => {
    const text = 'A:  b \r\nC:\t\r\n\r\n'
    const section = parse(text)
    const lines = Array.from({ length: section.count }, (_, index) =>
      text.slice(section.starts[index], section.ends[index]),
    )
    expect(lines).toEqual(['A:  b ', 'C:\t'])
    expect([section.start, section.end]).toEqual([0, text.length])
  })

  test('finds values by name in any case and in order', () => {
    const section = parse('X-A: 1\r\nx-a:2\r\nX-AB: 3\r\nX_A: 4\r\nX-a:\r\n\r\n')
    expect(section.valuesNamed('x-a')).toEqual(['1', '2', ''])
    expect(section.valuesNamed('x-b')).toEqual([])
    expect(section.valuesNamed('')).toEqual([])
  })

  test('finds the first line of a kind it knows', () => {
    const section = parse('vIa: 1.1 a\r\nVia: 1.1 b\r\n\r\n')
    expect(section.valueOf(VIA)).toBe('1.1 a')
    expect(section.has(UPGRADE)).toBe(false)
    expect(section.valueOf(UPGRADE)).toBeUndefined()
  })

  test('forgets a section when it reads the next', () => {
    const section = parse('Host: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n')
    parse('X: y\r\n\r\n', section)
    expect(fieldsOf(section)).toEqual([['X', 'y']])
    expect(section).toMatchObject({ contentLength: -1, isChunked: false, connection: 0, hostCount: 0 })
    expect(section.has(HOST)).toBe(false)
  })

  test('holds no more lines than it was made for', () => {
    const section = new FieldSection(2)
    const text = 'A: b\r\nA: b\r\nA: b\r\n\r\n'
    expect(() => section.parse(bytesOf(text), 0, text.length, limits)).toThrow('at most 2 fields')
  })
})
