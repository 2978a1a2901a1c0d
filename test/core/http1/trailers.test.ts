import { describe, expect, test } from 'bun:test'
import { lastChunk } from '../../../core/http1/trailers.ts'
import { FieldSection } from '../../../core/http1/field-section.ts'
import { bytesOf, limits, textOf } from '../../support/http1-bytes.ts'

function sectionOf(lines: string): FieldSection {
  const section = new FieldSection(limits.maxFields)
  const text = `before\r\n${lines}\r\nbehind`
  section.parse(bytesOf(text), 8, text.length, limits)
  return section
}

describe('lastChunk', () => {
  test('is bare without trailers', () => {
    expect(textOf(lastChunk(undefined))).toBe('0\r\n\r\n')
    expect(textOf(lastChunk(sectionOf('')))).toBe('0\r\n\r\n')
  })

  test('carries trailers in order and as they came', () => {
    const lines = 'X-b:  1 \r\nx-A:2\r\nDigest: \xff\r\nX-b:\r\n'
    expect(textOf(lastChunk(sectionOf(lines)))).toBe(`0\r\n${lines}\r\n`)
  })

  const forbidden = [
    'Content-Length: 5',
    'TRANSFER-ENCODING: chunked',
    'Host: a',
    'host: b',
    'Connection: x',
    'TE: trailers',
  ]
  const deceiving = [
    'Authorization: a',
    'Cookie: a',
    'set-cookie: a',
    'X-Forwarded-For: a',
    'X-Forwarded-Anything: a',
    'x_forwarded_for: a',
    'Forwarded: a',
    'X-Real-IP: a',
    'Proxy: a',
    'Max-Forwards: 1',
    'X-Request-Id: a',
    'Content-Type: a',
    'Trailer: x',
  ]
  test.each([...forbidden, ...deceiving])('leaves out %s', (line) => {
    expect(textOf(lastChunk(sectionOf(`A: b\r\n${line}\r\nC: d\r\n`)))).toBe('0\r\nA: b\r\nC: d\r\n\r\n')
    expect(textOf(lastChunk(sectionOf(`${line}\r\n`)))).toBe('0\r\n\r\n')
  })
})
