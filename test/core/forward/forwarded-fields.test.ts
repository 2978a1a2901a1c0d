import { describe, expect, test } from 'bun:test'
import {
  copyLines,
  dropTable,
  markLine,
  markNamedByConnection,
  markRepeats,
} from '../../../core/forward/forwarded-fields.ts'
import * as kind from '../../../core/http1/field-names.ts'
import { FieldSection } from '../../../core/http1/field-section.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'

const BEFORE = 'GET / HTTP/1.1\r\n'

function sectionOf(lines: string): FieldSection {
  const section = new FieldSection(limits.maxFields)
  const bytes = bytesOf(`${BEFORE}${lines}\r\nbehind`)
  section.parse(bytes, BEFORE.length, bytes.length, limits)
  return section
}

function copied(section: FieldSection, drops = dropTable()): string {
  const out = Buffer.alloc(1000, '!')
  const end = copyLines(out, 3, section, 0, drops)
  expect(out.toString('latin1', 0, 3)).toBe('!!!')
  expect(out[end]).toBe('!'.charCodeAt(0))
  return out.toString('latin1', 3, end).slice(BEFORE.length)
}

describe('copyLines', () => {
  test.each([
    ['', ''],
    ['A: 1\r\n', 'A: 1\r\n'],
    ['Connection: x\r\n', ''],
    ['TE: x\r\nA: 1\r\n', 'A: 1\r\n'],
    ['A: 1\r\nTE: x\r\nUpgrade: y\r\nB: 2\r\nTE: x\r\n', 'A: 1\r\nB: 2\r\n'],
    ['A:  \xff \r\nKEEP-alive: x\r\nA:\r\n', 'A:  \xff \r\nA:\r\n'],
  ])('of %p leaves %p', (lines, rest) => expect(copied(sectionOf(lines))).toBe(rest))

  test('leaves out further kinds of its table', () => {
    expect(copied(sectionOf('Host: a\r\nVia: b\r\nA: 1\r\n'), dropTable(kind.VIA))).toBe('Host: a\r\nA: 1\r\n')
  })

  test('leaves out marked lines', () => {
    const section = sectionOf('A: 1\r\nA: 2\r\nA: 3\r\n')
    markLine(section, 1)
    expect(copied(section)).toBe('A: 1\r\nA: 3\r\n')
  })
})

describe('markRepeats', () => {
  test('leaves the first of a kind', () => {
    const section = sectionOf(
      'A: 1\r\nContent-Length: 3\r\nA: 2\r\ncontent-length: 3\r\nVia: x\r\nContent-Length: 3\r\n',
    )
    markRepeats(section, kind.CONTENT_LENGTH)
    expect(copied(section)).toBe('A: 1\r\nContent-Length: 3\r\nA: 2\r\nVia: x\r\n')
  })
})

describe('markNamedByConnection', () => {
  const left = (lines: string): string => {
    const section = sectionOf(lines)
    markNamedByConnection(section)
    return copied(section)
  }

  test.each([
    ['names nothing', 'Connection: close, keep-alive\r\nClose: 1\r\nA: 1\r\n', 'Close: 1\r\nA: 1\r\n'],
    ['names what is not there', 'Connection: b\r\nA: 1\r\n', 'A: 1\r\n'],
    ['names every line of a name', 'A: 1\r\nConnection: a\r\na: 2\r\nAA: 3\r\n', 'AA: 3\r\n'],
    ['stands in several lines', 'A: 1\r\nB: 1\r\nConnection: A\r\nconnection: ,b,\r\nC: 1\r\n', 'C: 1\r\n'],
    [
      'names what it may not',
      'Connection: host, via, content-length, x-request-id\r\nHost: a\r\nVia: b\r\nContent-Length: 3\r\nX-Request-Id: c\r\n',
      'Host: a\r\nVia: b\r\nContent-Length: 3\r\nX-Request-Id: c\r\n',
    ],
    [
      'names what is forwarded for',
      'Connection: x-forwarded-for, x-forwarded-proto, x-forwarded-host, forwarded\r\nX-Forwarded-For: a\r\nX-Forwarded-Proto: b\r\nX-Forwarded-Host: c\r\nForwarded: d\r\n',
      'X-Forwarded-For: a\r\nX-Forwarded-Proto: b\r\nX-Forwarded-Host: c\r\nForwarded: d\r\n',
    ],
  ])('when it %s', (_, lines, rest) => expect(left(lines)).toBe(rest))
})
