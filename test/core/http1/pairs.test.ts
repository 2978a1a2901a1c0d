import { describe, expect, test } from 'bun:test'
import { cookieNamed, findCookie, queryNamed } from '../../../core/http1/pairs.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const cookie = (lines: string, name = 'id') =>
  cookieNamed(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).fields, name)
const query = (target: string, name = 'id') =>
  queryNamed(parseRequest(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`), name)

describe('cookieNamed', () => {
  test.each([
    ['Cookie: id=1\r\n', '1'],
    ['Cookie: a=b; id=1; c=d\r\n', '1'],
    ['Cookie: a=b;id=1;c=d\r\n', '1'],
    ['cookie:\ta=b ;\t id = x=y \t; c\r\n', 'x=y'],
    ['Cookie: id="a b"\r\n', '"a b"'],
    ['Cookie: id=\xa01\xe9\xa0\r\n', '\xa01\xe9\xa0'],
    ['Cookie: id=1; id=2\r\nCookie: id=3\r\n', '1'],
    ['Cookie: a=1\r\nX: y\r\nCookie:\r\nCOOKIE: id=3\r\n', '3'],
    ['Cookie: id; id=2\r\n', '2'],
    ['Cookie: ;;;id=1;;\r\n', '1'],
  ])('of %p is %p', (lines, value) => {
    expect(cookie(lines)).toBe(value)
  })

  test.each(
    [
      '',
      'Cookie:\r\n',
      'Cookie: id\r\n',
      'Cookie: id=\r\n',
      'Cookie: id= ; id=2\r\n',
      'Cookie: xid=1; idx=2; i=3\r\n',
    ].concat(
      'Cookie: ID=1\r\n',
      'Cookie: a=id=1\r\n',
      'Cookie: a="; id"\r\n',
      'Cookies: id=1\r\n',
      'Cookie: i d=1\r\n',
    ),
  )('finds none in %p', (lines) => expect(cookie(lines)).toBeUndefined())

  test('finds the last of very many', () => {
    expect(cookie(`Cookie: ${'a=1; '.repeat(12_000)}id=x\r\n`)).toBe('x')
  })
})

describe('findCookie', () => {
  /** Takes values of two digits. */
  function found(lines: string): { readonly value: string | undefined; readonly seen: readonly string[] } {
    const seen: string[] = []
    const { fields } = parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
    const value = findCookie(fields, 'id', (bytes, from, to) => {
      seen.push(bytes.toString('latin1', from, to))
      return /^\d\d$/.test(seen.at(-1)!) ? seen.at(-1) : undefined
    })
    return { value, seen }
  }

  test.each([
    ['', undefined, []],
    ['Cookie: ID=11; xid=22; id\r\n', undefined, []],
    ['Cookie: id=\r\n', undefined, ['']],
    ['Cookie: id=11; id=22\r\n', '11', ['11']],
    ['Cookie: id=1;id= 22 ;id=33\r\n', '22', ['1', '22']],
    ['Cookie: id=1\r\nX: y\r\ncookie: a=b; id="33"; id=44\r\n', '44', ['1', '"33"', '44']],
  ] as const)('in %p finds %p, having seen %p', (lines, value, seen) => {
    expect(found(lines)).toEqual({ value, seen: [...seen] })
  })

  test('looks at eight of a name, however many come', () => {
    expect(found(`Cookie: ${'id=a; '.repeat(7)}id=11\r\n`).value).toBe('11')
    expect(found(`Cookie: ${'id=a; '.repeat(8)}id=11\r\n`).value).toBeUndefined()
    expect(found(`${'Cookie: id=a\r\n'.repeat(8)}Cookie: id=11\r\n`).seen).toHaveLength(8)
  })
})

describe('queryNamed', () => {
  test.each([
    ['/?id=1', '1'],
    ['/p?a=b&id=%20x=y&c', '%20x=y'],
    ['/?&&id=1&', '1'],
    ['/?id&id=2', '2'],
    ['/?id=1?2', '1?2'],
    ['/?id=\xa0', '\xa0'],
    ['http://b.example?id=1', '1'],
  ])('of %p is %p', (target, value) => {
    expect(query(target)).toBe(value)
  })

  test.each(['/', '/?', '/id=1', '/?id', '/?id=', '/?id=&id=2', '/?xid=1&idx=2', '/?ID=1', '/?a=id=1', '/*?'])(
    'finds none in %p',
    (target) => expect(query(target)).toBeUndefined(),
  )
})
