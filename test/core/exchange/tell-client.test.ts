import { describe, expect, test } from 'bun:test'
import { tellClient } from '../../../core/exchange/tell-client.ts'
import { parseResponse } from '../../support/http1-heads.ts'

const responded = (added: string) => {
  const head = parseResponse('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  head.added = Buffer.from(added)
  return head
}

describe('what admission tells a client', () => {
  test.each([
    ['', 'X-A: 1\r\n', 'X-A: 1\r\n'],
    ['Set-Cookie: a=b\r\n', 'X-A: \xe9\r\n', 'Set-Cookie: a=b\r\nX-A: \xe9\r\n'],
    ['Set-Cookie: a=b\r\n', '', 'Set-Cookie: a=b\r\n'],
  ])('stands behind %j as %j', (added, responseLines, expected) => {
    const head = responded(added)
    tellClient(head, { responseLines })
    expect(head.added.toString('latin1')).toBe(expected)
  })
})
