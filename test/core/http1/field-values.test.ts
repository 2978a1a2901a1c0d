import { describe, expect, test } from 'bun:test'
import {
  CLOSE,
  forEachMember,
  KEEP_ALIVE_OPTION,
  NAMES_FIELDS,
  UPGRADE_OPTION,
} from '../../../core/http1/field-values.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { expectRequest, expectRequestRefused, expectResponseRefused } from '../../support/http1-cases.ts'

const request = (lines: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

describe('Connection', () => {
  test.each([
    ['', 0],
    [' , ,\t', 0],
    ['close', CLOSE],
    ['CLOSE', CLOSE],
    ['keep-alive', KEEP_ALIVE_OPTION],
    ['Keep-Alive, Upgrade', KEEP_ALIVE_OPTION | UPGRADE_OPTION],
    ['upgrade,close', UPGRADE_OPTION | CLOSE],
    [',close ,\t, ', CLOSE],
    ['closed', NAMES_FIELDS],
    ['keep_alive', NAMES_FIELDS],
    ['x-a, close, X-B', NAMES_FIELDS | CLOSE],
    ['te', NAMES_FIELDS],
    ["!#$%&'*+-.^_`|~", NAMES_FIELDS],
    ['@odd@', 0],
    ['close;', 0],
    ['"close"', 0],
    ['close=1, a b, (close), x-\xe4', 0],
    ['close, X!Y/', CLOSE],
    ['keep-alive, a:b', KEEP_ALIVE_OPTION],
    ['@odd@, upgrade, x', UPGRADE_OPTION | NAMES_FIELDS],
  ])('%p has its options', (value, options) => {
    expectRequest(request(`Connection: ${value}\r\n`), {
      fields: [
        ['Host', 'a'],
        ['Connection', value.trim()],
      ],
    })
    expect(parseRequest(request(`Connection: ${value}\r\n`)).fields.connection).toBe(options)
  })

  test('adds up over several fields', () => {
    const head = parseRequest(request('Connection: x-a\r\nX: y\r\nconnection: upgrade\r\nConnection: close\r\n'))
    expect(head.fields.connection).toBe(NAMES_FIELDS | UPGRADE_OPTION | CLOSE)
  })

  test.each([
    'x,'.repeat(65),
    `Close${', @'.repeat(64)}`,
    `${'a,'.repeat(33)}\r\nX: y\r\nConnection: ${'b,'.repeat(32)}`,
  ])('is refused when it lists more than 64 options', (value) => {
    expectRequestRefused(request(`Connection: ${value}\r\n`), /Connection may list at most 64 options/)
    expectResponseRefused(`HTTP/1.1 200 OK\r\nConnection: ${value}\r\n\r\n`, /at most 64 options/)
  })

  test('may list 64 options, whatever else is empty', () => {
    const head = parseRequest(request(`Connection: ${', x'.repeat(63)}${',,'.repeat(100)}\r\nConnection: close\r\n`))
    expect(head.fields.connection).toBe(NAMES_FIELDS | CLOSE)
  })
})

describe('forEachMember', () => {
  const membersOf = (text: string): string[] => {
    const members: string[] = []
    forEachMember(
      bytesOf(`,${text},`),
      1,
      1 + text.length,
      (from, to) => void members.push(`,${text},`.slice(from, to)),
    )
    return members
  }

  test.each([
    ['', []],
    [',', []],
    [' \t ', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['\ta b ,, c\t', ['a b', 'c']],
    [',a,', ['a']],
  ])('of %p visits %p', (text, members) => {
    expect(membersOf(text)).toEqual(members)
  })
})
