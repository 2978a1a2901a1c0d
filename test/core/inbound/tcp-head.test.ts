import { expect, test } from 'bun:test'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { readTcpHead, tcpHeadBytes } from '../../../core/inbound/tcp-head.ts'

const hostOf = (serverName: string | undefined): string | undefined =>
  readTcpHead(new RequestHead(16), tcpHeadBytes(serverName)).fields.valueNamed('host')

test.each(['a', 'db.example.com', '_x.y-z.example', 'x'.repeat(253)])(
  'a server name stands in the head: %s',
  (name) => {
    expect(hostOf(name)).toBe(name)
  },
)

test.each([
  undefined,
  '',
  'a\r\nX-Forwarded-For: 1.2.3.4',
  'a b',
  'a/b',
  'a:80',
  '[::1]',
  'a.',
  '-a',
  'Ünicode',
  'x'.repeat(254),
])('what is none stands nowhere: %p', (name) => {
  expect(hostOf(name)).toBeUndefined()
})
