import { expect, test } from 'bun:test'
import { byteLine, fieldLine } from '../../../core/forward/field-line.ts'

test.each([
  ['ann', 'X-User: ann\r\n'],
  ['', 'X-User: \r\n'],
  [' a\tb ', 'X-User: a\tb\r\n'],
  ['é', 'X-User: \xc3\xa9\r\n'],
  ['\u{1f600}', 'X-User: \xf0\x9f\x98\x80\r\n'],
])('a field line for %j', (value, line) => {
  expect(fieldLine('X-User', value)).toBe(line)
})

test.each(['a\r\nHost: b', 'a\n', 'a\rb', '\0', 'a\x7f', 'a\x1b[2J', 'a\x0b'])('no field line holds %j', (value) => {
  expect([fieldLine('X-User', value), byteLine('X-User', value)]).toEqual([undefined, undefined])
})

test('a field line for what is bytes already', () => {
  expect(byteLine('X-User', 'Zo\xc3\xab\t\xff')).toBe('X-User: Zo\xc3\xab\t\xff\r\n')
})
