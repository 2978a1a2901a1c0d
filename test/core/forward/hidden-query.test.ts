import { describe, expect, test } from 'bun:test'
import { queryWithout } from '../../../core/forward/hidden-query.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const without = (target: string): string =>
  queryWithout(parseRequest(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`), 'key')

describe('a query without the pairs of one name', () => {
  test.each([
    ['/', ''],
    ['/?', ''],
    ['/?key=1', ''],
    ['/?key=', ''],
    ['/?a=1', '?a=1'],
    ['/?a=1&', '?a=1&'],
    ['/?key=1&a=2', '?a=2'],
    ['/?a=2&key=1', '?a=2'],
    ['/?a=2&key=1&', '?a=2'],
    ['/?a=2&key=1&b=%20&c', '?a=2&b=%20&c'],
    ['/?key=1&key=2', ''],
    ['/?key=1&a=2&key=3', '?a=2'],
    ['/?key=1&&a=2', '?&a=2'],
    ['/?akey=1&keys=2&a=key=3&key', '?akey=1&keys=2&a=key=3&key'],
    ['/key=1?a=?key=2', '?a=?key=2'],
    ['http://a/?key=1&b=2', '?b=2'],
    ['http://a?key=1', ''],
  ])('of %s is %j', (target, query) => {
    expect(without(target)).toBe(query)
  })
})
