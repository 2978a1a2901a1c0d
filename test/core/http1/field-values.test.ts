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

  test.each(['close;', 'a b', '"close"', 'close=1', 'a/b', 'x-\xe4', 'close, a:b', '(close)'])(
    '%p is refused',
    (value) => {
      expectRequestRefused(request(`Connection: ${value}\r\n`), /Connection must list tokens/)
      expectResponseRefused(`HTTP/1.1 200 OK\r\nConnection: ${value}\r\n\r\n`, /Connection must list tokens/)
    },
  )
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
