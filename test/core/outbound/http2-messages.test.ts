/** RFC 9113 8 and RFC 7541, as far as a backend may break them: field blocks that can't be read, responses that are none. */
import { describe, expect, test } from 'bun:test'
import * as type from '../../../core/http2/frames.ts'
import { block, data, END_HEADERS, END_STREAM, frame, headers, keptBlock, type Fields } from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import {
  ANSWERED,
  answer,
  type BackendCase,
  backendSuite,
  BROKEN,
  FAILED,
  head,
  status,
} from '../../support/http2-backend-suite.ts'
import { inEvent } from '../../support/memory-socket.ts'

const OK = block(status(200))
const raw = (bytes: string, flags = END_HEADERS | END_STREAM): string => frame(type.HEADERS, flags, 1, bytes)

const answered = (title: string, sent: string): BackendCase => [title, sent, 'nothing', ANSWERED]
const unread = (title: string, bytes: string): BackendCase => [title, raw(bytes), 'GOAWAY 0 COMPRESSION_ERROR', BROKEN]
const failed = (title: string, sent: string): BackendCase => [title, sent, 'RST_STREAM 1 PROTOCOL_ERROR', FAILED]
/** Its head is one that fails. */
const badHead = (title: string, fields: Fields, flags?: number): BackendCase => failed(title, headers(1, fields, flags))
const badField = (title: string, name: string, value: string): BackendCase =>
  badHead(title, status(200, [[name, value]]))

backendSuite('RFC 7541: a field block that can not be read', [
  unread('an index of nothing', '\x80'),
  unread('an index beyond both tables', '\xbe'),
  unread('an index that does not end', '\xff\xff\xff\xff\xff\xff\xff'),
  unread('an index that is cut', '\xff'),
  unread('a name by an index of nothing there', '\x7f\x80\x01\x01a'),
  unread('a field that is cut', OK.slice(0, -1)),
  unread('a name that is cut', '\0\x05ab'),
  unread('a name that is empty', '\0\0\x01a'),
  unread('a length beyond the block', '\0\x7f\xff\xff\x03ab'),
  unread('padding of a Huffman code that is too long', '\0\x82\xff\xff\x01a'),
  unread('padding of a Huffman code that is no end', '\0\x81\0\x01a'),
  unread('an end in a Huffman code', '\0\x84\xff\xff\xff\xff\x01a'),
  unread('a table larger than ours', '\x3f\xe2\x1f'),
  unread('a table that changes behind a field', `${OK}\x20`),
  unread('a table that changes three times', `\x20\x3e\x20${OK}`),
  answered('a table that changes twice is well', raw(`\x20\x3f\xe1\x1f${OK}`)),
  ['in trailers', head(1) + raw('\x80'), 'GOAWAY 0 COMPRESSION_ERROR', BROKEN],
  ['in what comes too late', answer(1) + raw('\x80'), 'GOAWAY 0 COMPRESSION_ERROR', 'end'],
])

backendSuite('8.1 the frames of a response', [
  answered('may be its head alone', head(1, [], END_HEADERS | END_STREAM)),
  answered('may end with nothing', head(1) + data(1, '', END_STREAM)),
  ['may end with trailers', head(1) + headers(1, [['x', '1']]), 'nothing', 'response 200, end x: 1'],
  [
    'may have interim ones before',
    headers(1, status(100), END_HEADERS) + headers(1, status(103), END_HEADERS) + answer(1),
    'nothing',
    'response 200, end',
  ],
  failed('have trailers at their end', head(1) + headers(1, [['x', '1']], END_HEADERS)),
  failed('have no second head', head(1) + head(1)),
  badHead('have more than an interim one', status(103)),
  failed('have a bound of interim ones', headers(1, status(103), END_HEADERS).repeat(1000)),
  [
    'are over at their end',
    head(1) + headers(1, [['x', '1']]) + headers(1, [['y', '1']]),
    'GOAWAY 0 STREAM_CLOSED',
    'end x: 1',
  ],
])

backendSuite('8.1.1 a length that is a lie', [
  answered('is none that holds', head(1, [['content-length', '2']]) + data(1, 'ok', END_STREAM)),
  failed('more content', head(1, [['content-length', '1']]) + data(1, 'ok', END_STREAM)),
  failed('more content that does not end', head(1, [['content-length', '1']]) + data(1, 'ok')),
  failed('less content', head(1, [['content-length', '3']]) + data(1, 'ok', END_STREAM)),
  failed('less content before trailers', head(1, [['content-length', '3']]) + data(1, 'ok') + headers(1, [['x', '1']])),
  failed('no content', head(1, [['content-length', '3']], END_HEADERS | END_STREAM)),
  failed('content of none', head(1, [['content-length', '0']]) + data(1, 'ok', END_STREAM)),
  badField('no number', 'content-length', 'abc'),
  badField('less than nothing', 'content-length', '-1'),
  badField('with a sign', 'content-length', '+1'),
  badField('in hex', 'content-length', '0x1'),
  badField('too large to count', 'content-length', '9'.repeat(30)),
  badHead(
    'two that differ',
    status(200, [
      ['content-length', '1'],
      ['content-length', '2'],
    ]),
  ),
  failed('content of a 204', headers(1, status(204), END_HEADERS) + data(1, 'ok', END_STREAM)),
  failed('content of a 304', headers(1, status(304), END_HEADERS) + data(1, 'ok', END_STREAM)),
])

backendSuite(
  '8.1.1 of a response to HEAD',
  [
    answered('the length is that of another', head(1, [['content-length', '5']], END_HEADERS | END_STREAM)),
    failed('there is no content', head(1, [['content-length', '5']]) + data(1, 'hello', END_STREAM)),
  ],
  { request: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' },
)

backendSuite('8.2 fields', [
  badField('have no upper case', 'X-A', '1'),
  badField('have no space in their names', 'x y', '1'),
  badField('have no colon in their names', 'x:y', '1'),
  badField('have no byte beyond ASCII in their names', 'x\xff', '1'),
  badField('have no line in their names', 'x\r\ny', '1'),
  badField('have no NUL', 'x', 'a\0b'),
  badField('have no CR', 'x', 'a\rb'),
  badField('have no LF', 'x', 'a\nb'),
  badField('begin with no space', 'x', ' a'),
  badField('end with no tab', 'x', 'a\t'),
  answered('may be empty', head(1, [['x', '']]) + data(1, 'ok', END_STREAM)),
  badField('of connections: connection', 'connection', 'close'),
  badField('of connections: keep-alive', 'keep-alive', 'timeout=5'),
  badField('of connections: proxy-connection', 'proxy-connection', 'close'),
  badField('of connections: transfer-encoding', 'transfer-encoding', 'chunked'),
  badField('of connections: upgrade', 'upgrade', 'h2c'),
  badField('of requests: te', 'te', 'gzip'),
])

backendSuite('8.3 pseudo-fields', [
  badHead('are there', [['x', '1']]),
  badHead('are more than nothing', []),
  badHead('stand once', [...status(200), ...status(200)]),
  badHead('stand first', [['x', '1'], ...status(200)]),
  ...[':method', ':scheme', ':authority', ':path', ':protocol', ':else'].map((name) =>
    badField(`are those of responses, not ${name}`, name, 'GET'),
  ),
  failed('do not trail', head(1) + headers(1, status(200))),
  failed('do not trail by others', head(1) + headers(1, [[':path', '/']])),
])

backendSuite(
  '8.3.2 :status',
  ['', '2', '20', '2000', '099', '600', '0200', '2x0', '+20', '20 ', '200 OK', '101'].map((text) =>
    badHead(`is not ${JSON.stringify(text)}`, status(text)),
  ),
)

describe('10.5.1 bombs', () => {
  const many = (count: number): Fields => Array.from({ length: count }, () => ['a', 'b'] as const)

  backendSuite('in one response', [
    badHead('too many fields', status(200, many(257))),
    answered('a long field is none', head(1, [['x', 'a'.repeat(16_000)]]) + data(1, 'ok', END_STREAM)),
    failed(
      'references to one field of the table',
      raw(`${OK}${keptBlock([['x', 'a'.repeat(4000)]])}${'\xbe'.repeat(10_000)}`),
    ),
    failed('the same in trailers', head(1) + raw(`${keptBlock([['x', 'a'.repeat(4000)]])}${'\xbe'.repeat(10_000)}`)),
    failed('too many trailers', head(1) + headers(1, many(257))),
  ])

  test('a table goes on behind a response that has failed', () => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    const next = backend.ask()
    end.got()
    end.send(raw(keptBlock([['x-kept', '1']])))
    end.send(frame(type.HEADERS, END_HEADERS | END_STREAM, 3, `${OK}\xbe`))
    expect([sink.log.at(-1)?.startsWith(FAILED), next.sink.log]).toEqual([true, ['response 200', 'end']])
  })
})

describe('what comes for a request that was given up', () => {
  test.each([
    ['its head', head(1)],
    ['its content', data(1, 'abc') + data(1, '', END_STREAM)],
    ['its trailers', headers(1, [['x', '1']])],
    ['its reset', frame(type.RST_STREAM, 0, 1, '\0\0\0\0')],
  ])('is let pass: %s', (_, sent) => {
    const backend = http2Backend()
    const { end, stream } = backend.begin()
    inEvent(() => stream.abort())
    expect(end.got()).toEqual(['RST_STREAM 1 CANCEL'])
    const next = backend.ask()
    end.got()
    expect(end.send(sent + answer(3))).toEqual([])
    expect(next.sink.log).toEqual(['response 200', 'end'])
  })
})

test('more content than the window of the connection ends it', () => {
  const backend = http2Backend()
  const first = backend.begin()
  const { end } = first
  const all = [first, ...Array.from({ length: 16 }, () => backend.ask())]
  for (const { stream } of all) stream.pauseResponse()
  end.got()
  const lines = all.flatMap((_, index) =>
    end.send(head(2 * index + 1) + data(2 * index + 1, 'a'.repeat(16_000)).repeat(4)),
  )
  expect(lines.at(-1)).toBe('GOAWAY 0 FLOW_CONTROL_ERROR')
  expect(all.map(({ sink }) => sink.log.at(-1))).toEqual(all.map(() => expect.stringContaining(BROKEN)))
})

test.each([
  ['the end of an interim one', headers(1, status(103)), 'an interim response must not be the last'],
  ['too many interim ones', headers(1, status(103), END_HEADERS).repeat(65), 'more than 64 interim responses came'],
  ['a field of requests', headers(1, status(200, [[':path', '/']])), 'a response may not have the field ":path"'],
  ['a name in upper case', headers(1, status(200, [['X-A', '1']])), 'the field "X-A" is not valid'],
  ...['a\nb', 'a\rb', 'a\0b', ' a', 'a\t', '\x7f'].map((value): [string, string, string] => [
    `the value ${JSON.stringify(value)}`,
    headers(1, status(200, [['x-a', value]])),
    'the value of the field "x-a" may have no control characters, and no white space around it',
  ]),
])('what fails a response is told: %s', (_, sent, words) => {
  const { end, sink } = http2Backend().begin()
  end.send(sent)
  expect(sink.log.at(-1)).toBe(`protocol: ${words}`)
})
