/** RFC 9113 8: which messages are well-formed. */
import { describe, expect, test } from 'bun:test'
import { limits } from '../../support/http1-bytes.ts'
import { data, END_HEADERS, END_STREAM, GET, get, headers, HELLO, post } from '../../support/http2.ts'
import { http2Client } from '../../support/http2-client.ts'
import { OK, OK3, without, withField, waiting, suite, type Case } from '../../support/http2-suite.ts'

suite('8.1 messages', [
  ['takes trailers', HELLO + post(1) + data(1, 'a') + headers(1, [['x-sum', '1']]), ...OK, 'RST_STREAM 1 NO_ERROR'],
])

suite(
  '8.1 messages that are read',
  [
    [
      'refuses trailers that do not end the stream',
      HELLO + post(1) + headers(1, [['x', '1']], END_HEADERS),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses a pseudo-field in trailers',
      HELLO + post(1) + headers(1, [[':path', '/x']]),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses an upper-case name in trailers',
      HELLO + post(1) + headers(1, [['X-Sum', '1']]),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses a field of connections in trailers',
      HELLO + post(1) + headers(1, [['connection', 'x']]),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses content beyond content-length',
      HELLO + post(1, [['content-length', '1']]) + data(1, 'ab'),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses content short of content-length',
      HELLO + post(1, [['content-length', '2']]) + data(1, 'a', END_STREAM),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    [
      'refuses content of several frames beyond it',
      HELLO + post(1, [['content-length', '2']]) + data(1, 'ab') + data(1, 'c'),
      'RST_STREAM 1 PROTOCOL_ERROR',
    ],
    ['refuses a length without content', HELLO + get(1, [['content-length', '1']]), 'RST_STREAM 1 PROTOCOL_ERROR'],
    ['takes a length of 0 without content', HELLO + get(1, [['content-length', '0']])],
    ['takes a length that holds', HELLO + post(1, [['content-length', '2']]) + data(1, 'ab', END_STREAM)],
  ],
  waiting,
)

const malformed = (title: string, fields: typeof GET): Case => [
  title,
  HELLO + headers(1, fields) + get(3),
  'RST_STREAM 1 PROTOCOL_ERROR',
  ...OK3,
]

suite('8.2 fields', [
  malformed('refuses an upper-case name', withField('X-Test', 'a')),
  malformed('refuses a name with a space', withField('x test', 'a')),
  malformed('refuses a name with a colon', withField('x:test', 'a')),
  malformed('refuses a name with a control character', withField('x\x01', 'a')),
  malformed('refuses a name beyond ASCII', withField('x\xe9', 'a')),
  malformed('refuses a value with a line feed', withField('x', 'a\nb')),
  malformed('refuses a value with CRLF and a field', withField('x', 'a\r\nevil: 1')),
  malformed('refuses a value with NUL', withField('x', 'a\0b')),
  malformed('refuses a value that begins with a space', withField('x', ' a')),
  malformed('refuses a value that ends with a tab', withField('x', 'a\t')),
  malformed('refuses connection', withField('connection', 'keep-alive')),
  malformed('refuses keep-alive', withField('keep-alive', 'timeout=5')),
  malformed('refuses proxy-connection', withField('proxy-connection', 'keep-alive')),
  malformed('refuses transfer-encoding', withField('transfer-encoding', 'chunked')),
  malformed('refuses upgrade', withField('upgrade', 'h2c')),
  malformed('refuses te but for trailers', withField('te', 'trailers, deflate')),
  ['takes te: trailers', HELLO + get(1, [['te', 'trailers']]), ...OK],
  ['takes a value that is empty', HELLO + get(1, [['x', '']]), ...OK],
  ['takes a value beyond ASCII', HELLO + get(1, [['x', '\xe9']]), ...OK],
])

suite('8.3 pseudo-fields', [
  malformed('refuses one that is not known', withField(':test', 'a')),
  malformed('refuses that of a response', [[':status', '200'], ...GET]),
  malformed('refuses one behind a regular field', [...without(':path'), ['x', '1'], [':path', '/']]),
  malformed('refuses a request without :method', without(':method')),
  malformed('refuses a request without :scheme', without(':scheme')),
  malformed('refuses a request without :path', without(':path')),
  malformed('refuses an empty :path', [...without(':path'), [':path', '']]),
  malformed('refuses an empty :method', [...without(':method'), [':method', '']]),
  malformed('refuses a :path without a slash', [...without(':path'), [':path', 'a']]),
  malformed('refuses a :path that names another authority', [...without(':path'), [':path', 'http://evil/']]),
  malformed('refuses :method twice', [[':method', 'GET'], ...GET]),
  malformed('refuses :scheme twice', [[':scheme', 'http'], ...GET]),
  ...['', 'ft p', '1http', 'http:', 'a/b', '\xe4'].map((scheme) =>
    malformed(`refuses the :scheme ${JSON.stringify(scheme)}`, [...without(':scheme'), [':scheme', scheme]]),
  ),
  ...['HTTPS', 'ftp', 'a+b-c.1'].map((scheme): Case => [
    `takes the :scheme ${scheme}`,
    HELLO + headers(1, [...without(':scheme'), [':scheme', scheme]]),
    ...OK,
  ]),
  malformed('refuses :path twice', [[':path', '/'], ...GET]),
  malformed('refuses :authority twice', [[':authority', 'a'], ...GET]),
  malformed('refuses host that is not :authority', withField('host', 'b')),
  malformed('refuses :protocol without CONNECT', [[':protocol', 'websocket'], ...GET]),
  malformed('refuses CONNECT with a :path', [[':method', 'CONNECT'], ...without(':method')]),
  malformed('refuses CONNECT without :authority', [[':method', 'CONNECT']]),
  ['takes host beside the same :authority', HELLO + get(1, [['host', 'A']]), ...OK],
  ['takes host in place of :authority', HELLO + headers(1, [...without(':authority'), ['host', 'a']]), ...OK],
])

describe('what the strict parser refuses', () => {
  test.each(['/a b', '/a HTTP/1.1', '/ HTTP/1.0'])('names :path where it holds a space: %s', (path) => {
    const client = http2Client()
    const lines = client.send(headers(1, [...without(':path'), [':path', path]]))
    expect(lines[0]).toStartWith('HEADERS 1 :status=400')
    expect(client.log[0]).toContain(':path may not hold a space')
  })

  test.each([
    ['no authority at all', without(':authority'), 400],
    ['an authority with user and password', [...without(':authority'), [':authority', 'u:p@a']] as const, 400],
    ['two hosts', [...without(':authority'), ['host', 'a'], ['host', 'a']] as const, 400],
    ['a path with a space', [...without(':path'), [':path', '/a b']] as const, 400],
    ['a path with a fragment', [...without(':path'), [':path', '/a#b']] as const, 400],
    ['* for GET', [...without(':path'), [':path', '*']] as const, 400],
    ['a method that is no token', [...without(':method'), [':method', 'GE T']] as const, 400],
    ['a length that is no number', withField('content-length', 'x'), 400],
    ['two lengths that differ', [...withField('content-length', '0'), ['content-length', '1']] as const, 400],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:443'],
      ] as const,
      501,
    ],
    ['a path of 2000 bytes', [...without(':path'), [':path', `/${'a'.repeat(2000)}`]] as const, 414],
  ] as const)('is answered: %s', (_, fields, status) => {
    const client = http2Client({ limits: { ...limits, maxTargetBytes: 1000 } })
    const lines = client.send(headers(1, fields))
    expect(lines[0]).toStartWith(`HEADERS 1 :status=${status} content-type=text/plain`)
    expect(lines[1]).toStartWith('DATA 1 end')
    expect(client.log[0]).toStartWith(`refused ${status}`)
    expect(client.send(get(3))).toEqual(OK3)
  })
})
