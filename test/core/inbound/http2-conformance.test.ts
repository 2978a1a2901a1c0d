/**
 * What RFC 9113, 7541 and 8441 demand of a server, case by case, in bytes: each case is sent whole, and once more byte by
 * byte. A fault of a stream must leave the connection able to answer others; one of the connection must end it by GOAWAY.
 */
import { describe, expect, test } from 'bun:test'
import * as type from '../../../core/http2/frames.ts'
import * as setting from '../../../core/http2/settings.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  get,
  goAway,
  headers,
  HELLO,
  number32,
  ping,
  post,
  PREFACE,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { http2Client, type Http2ClientOptions } from '../../support/http2-client.ts'
import { limits } from '../../support/http1-bytes.ts'
import { recordRequest } from '../../support/http1-ends.ts'

type Case = readonly [title: string, sent: string, ...expected: string[]]

const OK = ['HEADERS 1 :status=200 date=now content-length=2', 'DATA 1 end ok']
const OK3 = ['HEADERS 3 :status=200 date=now content-length=2', 'DATA 3 end ok']
const { PADDED, PRIORITY } = { PADDED: type.FLAG_PADDED, PRIORITY: type.FLAG_PRIORITY }
const padded = (padding: number, content: string): string =>
  String.fromCharCode(padding) + content + '\0'.repeat(padding)
const dependency = (on: number): string => `${number32(on)}\x10`
const without = (...names: string[]): typeof GET => GET.filter(([name]) => !names.includes(name))
const withField = (name: string, value: string): typeof GET => [...GET, [name, value]]
/** Who neither answers nor takes the body. */
const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }

/** What comes back is what is expected, in this order, behind what a server says first. */
function holds(sent: string, expected: readonly string[], options: Http2ClientOptions, pieceBytes: number): void {
  const client = http2Client({ ...options, isSilent: true })
  client.send(sent, pieceBytes)
  const lines = client.frames.lines.filter(
    (line) => !line.startsWith('SETTINGS') && !line.startsWith('WINDOW_UPDATE 0'),
  )
  expect(lines).toEqual([...expected])
  const isOver = expected.some((line) => line.startsWith('GOAWAY'))
  expect(client.socket.hasShut).toBe(isOver)
  if (!isOver) expect(client.send(ping('alive?!!'))).toEqual(['PING ack alive?!!'])
}

function suite(section: string, cases: readonly Case[], options: Http2ClientOptions = {}): void {
  describe(section, () => {
    for (const [title, sent, ...expected] of cases) {
      test(title, () => {
        holds(sent, expected, options, Infinity)
        holds(sent, expected, options, 1)
      })
    }
  })
}

suite('3.4 connection preface', [
  ['takes the preface and answers', HELLO + get(1), ...OK],
  ['takes SETTINGS in the preface with values', PREFACE + settings([3, 10], [4, 100_000]) + get(1), ...OK],
  ['refuses another preface', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses a request of HTTP/1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses PING before SETTINGS', PREFACE + ping(), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses HEADERS before SETTINGS', PREFACE + get(1), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses WINDOW_UPDATE before SETTINGS', PREFACE + windowUpdate(0, 1), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses PRIORITY before SETTINGS', PREFACE + priority(1, 0), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses DATA before SETTINGS', PREFACE + data(1, 'a'), 'GOAWAY 0 PROTOCOL_ERROR'],
])

suite('4.1 frame format', [
  ['ignores a frame of a type that it does not know', HELLO + frame(0x16, 0, 0, 'whatever') + get(1), ...OK],
  ['ignores one without content', HELLO + frame(0xff, 0xff, 7) + get(1), ...OK],
  ['ignores flags that mean nothing', HELLO + ping('12345678', 0xfe) + get(1), 'PING ack 12345678', ...OK],
  [
    'ignores the reserved bit of a stream',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS, 0x8000_0001, block(GET)),
    ...OK,
  ],
])

suite('4.2 frame size', [
  [
    'takes DATA of 16384 bytes',
    HELLO + post(1) + data(1, 'a'.repeat(16_384), END_STREAM),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
  ],
  [
    'refuses DATA of more',
    HELLO + post(1) + data(1, 'a'.repeat(16_385)),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
    'GOAWAY 1 FRAME_SIZE_ERROR',
  ],
  [
    'refuses a frame of 16 MB by its header',
    HELLO + frame(type.HEADERS, 0, 1, '', 0xff_ffff),
    'GOAWAY 0 FRAME_SIZE_ERROR',
  ],
  ['refuses an unknown frame of more', HELLO + frame(0x20, 0, 0, '', 16_385), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  [
    'refuses HEADERS too short for their priority',
    HELLO + frame(type.HEADERS, END_HEADERS | PRIORITY, 1, 'abc'),
    'GOAWAY 0 FRAME_SIZE_ERROR',
  ],
  [
    'refuses HEADERS too short for their padding',
    HELLO + frame(type.HEADERS, END_HEADERS | PADDED, 1),
    'GOAWAY 0 FRAME_SIZE_ERROR',
  ],
  ['refuses PRIORITY of 4 bytes', HELLO + frame(type.PRIORITY, 0, 1, 'abcd'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  ['refuses RST_STREAM of 3 bytes', HELLO + frame(type.RST_STREAM, 0, 1, 'abc'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  ['refuses SETTINGS of 3 bytes', HELLO + frame(type.SETTINGS, 0, 0, 'abc'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  ['refuses PING of 6 bytes', HELLO + ping('123456'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  ['refuses GOAWAY of 4 bytes', HELLO + frame(type.GOAWAY, 0, 0, 'abcd'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  ['refuses WINDOW_UPDATE of 3 bytes', HELLO + frame(type.WINDOW_UPDATE, 0, 0, 'abc'), 'GOAWAY 0 FRAME_SIZE_ERROR'],
  [
    'refuses an acknowledgement with content',
    HELLO + frame(type.SETTINGS, type.FLAG_ACK, 0, '\0\x03\0\0\0\x01'),
    'GOAWAY 0 FRAME_SIZE_ERROR',
  ],
])

const opening = frame(type.HEADERS, END_STREAM, 1, block(GET.slice(0, 2)))
const rest = block(GET.slice(2))

suite('4.3, 6.10 field blocks in several frames', [
  ['takes one CONTINUATION', HELLO + opening + frame(type.CONTINUATION, END_HEADERS, 1, rest), ...OK],
  [
    'takes several, a field cut in two',
    HELLO +
      opening +
      frame(type.CONTINUATION, 0, 1, rest.slice(0, 5)) +
      frame(type.CONTINUATION, 0, 1, rest.slice(5, 6)) +
      frame(type.CONTINUATION, END_HEADERS, 1, rest.slice(6)),
    ...OK,
  ],
  [
    'takes one without content',
    HELLO + frame(type.HEADERS, END_STREAM, 1, block(GET)) + frame(type.CONTINUATION, END_HEADERS, 1),
    ...OK,
  ],
  ['refuses another frame between', HELLO + opening + ping(), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses an unknown frame between', HELLO + opening + frame(0x16, 0, 1), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses HEADERS of another stream between', HELLO + opening + get(3), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'refuses CONTINUATION of another stream',
    HELLO + opening + frame(type.CONTINUATION, END_HEADERS, 3, rest),
    'GOAWAY 0 PROTOCOL_ERROR',
  ],
  [
    'refuses CONTINUATION of stream 0',
    HELLO + opening + frame(type.CONTINUATION, END_HEADERS, 0, rest),
    'GOAWAY 0 PROTOCOL_ERROR',
  ],
  [
    'refuses CONTINUATION behind END_HEADERS',
    HELLO + get(1) + frame(type.CONTINUATION, END_HEADERS, 1, rest),
    ...OK,
    'GOAWAY 1 PROTOCOL_ERROR',
  ],
  [
    'refuses CONTINUATION behind DATA',
    HELLO + post(1) + data(1, 'a') + frame(type.CONTINUATION, END_HEADERS, 1, rest),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
    'GOAWAY 1 PROTOCOL_ERROR',
  ],
  [
    'refuses a block that is no HPACK',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS, 1, '\xff\xff\xff\xff\xff'),
    'GOAWAY 1 COMPRESSION_ERROR',
  ],
  [
    'refuses a block cut short',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET).slice(0, -1)),
    'GOAWAY 1 COMPRESSION_ERROR',
  ],
])

suite('5.1 streams: idle', [
  ['refuses DATA', HELLO + data(1, 'a'), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses RST_STREAM', HELLO + reset(1), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses WINDOW_UPDATE', HELLO + windowUpdate(1, 100), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses CONTINUATION', HELLO + frame(type.CONTINUATION, END_HEADERS, 1, block(GET)), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['takes PRIORITY', HELLO + priority(3, 0) + get(1), ...OK],
])

suite(
  '5.1 streams: half-closed (remote)',
  [
    ['refuses DATA', HELLO + get(1) + data(1, 'a'), 'RST_STREAM 1 STREAM_CLOSED'],
    ['refuses HEADERS', HELLO + get(1) + get(1), 'RST_STREAM 1 STREAM_CLOSED'],
    [
      'refuses CONTINUATION',
      HELLO + get(1) + frame(type.CONTINUATION, END_HEADERS, 1, rest),
      'GOAWAY 1 PROTOCOL_ERROR',
    ],
    ['takes WINDOW_UPDATE, PRIORITY and RST_STREAM', HELLO + get(1) + windowUpdate(1, 5) + priority(1, 3) + reset(1)],
    ['refuses to depend on itself', HELLO + get(1) + priority(1, 1), 'RST_STREAM 1 PROTOCOL_ERROR'],
  ],
  waiting,
)

suite('5.1 streams: closed', [
  ['by both ends: refuses DATA', HELLO + get(1) + data(1, 'a'), ...OK, 'GOAWAY 1 STREAM_CLOSED'],
  ['by both ends: refuses HEADERS', HELLO + get(1) + get(1), ...OK, 'GOAWAY 1 STREAM_CLOSED'],
  [
    'by both ends: takes WINDOW_UPDATE, RST_STREAM and PRIORITY',
    HELLO + get(1) + windowUpdate(1, 9) + reset(1) + priority(1, 0),
    ...OK,
  ],
  ['by the client: refuses DATA', HELLO + post(1) + reset(1) + data(1, 'a'), ...OK, 'RST_STREAM 1 NO_ERROR'],
  [
    'by us: what was under way is let pass',
    HELLO + headers(1, without(':path'), END_HEADERS) + data(1, 'a') + get(3),
    'RST_STREAM 1 PROTOCOL_ERROR',
    ...OK3,
  ],
  [
    'by us: trailers that were under way too',
    HELLO + headers(1, without(':path'), END_HEADERS) + headers(1, [['a', 'b']]) + get(3),
    'RST_STREAM 1 PROTOCOL_ERROR',
    ...OK3,
  ],
])

suite(
  '5.1 streams: reset by the client',
  [
    ['refuses DATA', HELLO + post(1) + reset(1) + data(1, 'a'), 'GOAWAY 1 STREAM_CLOSED'],
    ['refuses HEADERS', HELLO + post(1) + reset(1) + get(1), 'GOAWAY 1 STREAM_CLOSED'],
    ['goes on with others', HELLO + post(1) + reset(1) + post(3) + reset(3)],
  ],
  waiting,
)

suite('5.1.1 stream identifiers', [
  ['refuses an even one', HELLO + get(2), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses 0', HELLO + get(0), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'refuses a smaller one',
    HELLO + get(5) + get(3),
    ...OK.map((line) => line.replace(' 1', ' 5')),
    'GOAWAY 5 STREAM_CLOSED',
  ],
  ['takes one that leaves some out', HELLO + get(1) + get(3), ...OK, ...OK3],
])

suite(
  '5.1.2 concurrency',
  [
    [
      'refuses the 101st stream, and that alone',
      HELLO + Array.from({ length: 101 }, (_, index) => get(2 * index + 1)).join(''),
      'RST_STREAM 201 REFUSED_STREAM',
    ],
    [
      'takes another when one has gone',
      HELLO + Array.from({ length: 100 }, (_, index) => get(2 * index + 1)).join('') + reset(1) + get(201),
    ],
  ],
  waiting,
)

suite('5.3 priority', [
  [
    'HEADERS may tell of it',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PRIORITY, 1, dependency(0) + block(GET)),
    ...OK,
  ],
  [
    'HEADERS may depend on what is not there',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PRIORITY, 1, dependency(99) + block(GET)),
    ...OK,
  ],
  [
    'HEADERS may not depend on their own stream',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PRIORITY, 1, dependency(1) + block(GET)) + get(3),
    'RST_STREAM 1 PROTOCOL_ERROR',
    ...OK3,
  ],
  ['PRIORITY may not either', HELLO + priority(1, 1), 'RST_STREAM 1 PROTOCOL_ERROR'],
])

suite('5.4 error handling', [
  [
    'a fault of the connection is told, and it ends',
    HELLO + get(1) + frame(type.PING, 0, 0, 'x'),
    ...OK,
    'GOAWAY 1 FRAME_SIZE_ERROR',
  ],
  ['nothing is read behind it', HELLO + ping('x') + get(1), 'GOAWAY 0 FRAME_SIZE_ERROR'],
])

suite('5.5 extension', [
  ['a setting that is not known is ignored', PREFACE + settings([0xff, 7]) + get(1), ...OK],
  [
    'an unknown frame between DATA is ignored',
    HELLO + post(1) + data(1, 'a') + frame(0x30, 0, 1, 'x') + data(1, 'b', END_STREAM),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
  ],
])

suite('6.1 DATA', [
  [
    'may be padded',
    HELLO + post(1) + frame(type.DATA, END_STREAM | PADDED, 1, padded(5, 'abc')),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
  ],
  [
    'may be padding alone',
    HELLO + post(1) + frame(type.DATA, END_STREAM | PADDED, 1, padded(255, '')),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
  ],
  ['refuses that of stream 0', HELLO + data(0, 'a'), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'refuses padding as long as the frame',
    HELLO + post(1) + frame(type.DATA, PADDED, 1, '\x05abcde'.slice(0, 5)),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
    'GOAWAY 1 PROTOCOL_ERROR',
  ],
  [
    'refuses a padded frame without a length of that',
    HELLO + post(1) + frame(type.DATA, PADDED, 1),
    ...OK,
    'RST_STREAM 1 NO_ERROR',
    'GOAWAY 1 FRAME_SIZE_ERROR',
  ],
])

suite('6.2 HEADERS', [
  ['may be padded', HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PADDED, 1, padded(9, block(GET))), ...OK],
  [
    'may be padded and tell a priority',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PADDED | PRIORITY, 1, padded(9, dependency(0) + block(GET))),
    ...OK,
  ],
  ['refuses those of stream 0', HELLO + get(0), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'refuses padding longer than the frame',
    HELLO + frame(type.HEADERS, END_STREAM | END_HEADERS | PADDED, 1, `\xff${block(GET)}`),
    'GOAWAY 0 PROTOCOL_ERROR',
  ],
])

suite('6.3 PRIORITY', [['refuses that of stream 0', HELLO + priority(0, 1), 'GOAWAY 0 PROTOCOL_ERROR']])

suite('6.4 RST_STREAM', [
  ['refuses that of stream 0', HELLO + reset(0), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses that of an even stream', HELLO + get(1) + reset(2), ...OK, 'GOAWAY 1 PROTOCOL_ERROR'],
])

suite('6.5 SETTINGS', [
  ['refuses those of a stream', HELLO + frame(type.SETTINGS, 0, 1), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses ENABLE_PUSH of 2', HELLO + settings([setting.ENABLE_PUSH, 2]), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'takes ENABLE_PUSH of 0 and 1',
    HELLO + settings([setting.ENABLE_PUSH, 0]) + settings([setting.ENABLE_PUSH, 1]) + get(1),
    ...OK,
  ],
  ['refuses a window of 2^31', HELLO + settings([setting.INITIAL_WINDOW_SIZE, 2 ** 31]), 'GOAWAY 0 FLOW_CONTROL_ERROR'],
  ['takes a window of 2^31 - 1', HELLO + settings([setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]) + get(1), ...OK],
  ['refuses frames of 16383 bytes', HELLO + settings([setting.MAX_FRAME_SIZE, 16_383]), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses frames of 2^24 bytes', HELLO + settings([setting.MAX_FRAME_SIZE, 2 ** 24]), 'GOAWAY 0 PROTOCOL_ERROR'],
  ['takes frames of 2^24 - 1 bytes', HELLO + settings([setting.MAX_FRAME_SIZE, 2 ** 24 - 1]) + get(1), ...OK],
  [
    'refuses ENABLE_CONNECT_PROTOCOL of 2',
    HELLO + settings([setting.ENABLE_CONNECT_PROTOCOL, 2]),
    'GOAWAY 0 PROTOCOL_ERROR',
  ],
  ['takes an acknowledgement', HELLO + frame(type.SETTINGS, type.FLAG_ACK, 0) + get(1), ...OK],
  ['takes a table of no bytes', HELLO + settings([setting.HEADER_TABLE_SIZE, 0]) + get(1), ...OK],
])

suite('6.6 PUSH_PROMISE', [
  ['is refused', HELLO + frame(type.PUSH_PROMISE, END_HEADERS, 1, number32(2) + block(GET)), 'GOAWAY 0 PROTOCOL_ERROR'],
])

suite('6.7 PING', [
  ['is answered with its content', HELLO + ping('abcdefgh'), 'PING ack abcdefgh'],
  ['an answer is not answered', HELLO + ping('abcdefgh', type.FLAG_ACK)],
  ['refuses that of a stream', HELLO + frame(type.PING, 0, 1, '12345678'), 'GOAWAY 0 PROTOCOL_ERROR'],
])

suite('6.8 GOAWAY', [
  ['ends a connection that has nothing to do', HELLO + goAway(0), 'GOAWAY 0 NO_ERROR'],
  ['refuses that of a stream', HELLO + frame(type.GOAWAY, 0, 1, '12345678'), 'GOAWAY 0 PROTOCOL_ERROR'],
])

suite('6.8 GOAWAY of a client that waits for an answer', [['lets it wait', HELLO + get(1) + goAway(0)]], waiting)

suite('6.9 WINDOW_UPDATE', [
  ['refuses one of nothing on the connection', HELLO + windowUpdate(0, 0), 'GOAWAY 0 PROTOCOL_ERROR'],
  [
    'refuses one beyond 2^31 - 1 on the connection',
    HELLO + windowUpdate(0, 2 ** 31 - 1),
    'GOAWAY 0 FLOW_CONTROL_ERROR',
  ],
  [
    'refuses several that are beyond that together',
    HELLO + windowUpdate(0, 2 ** 30) + windowUpdate(0, 2 ** 30),
    'GOAWAY 0 FLOW_CONTROL_ERROR',
  ],
])

suite(
  '6.9 WINDOW_UPDATE of a stream',
  [
    ['refuses one of nothing', HELLO + post(1) + windowUpdate(1, 0), 'RST_STREAM 1 PROTOCOL_ERROR'],
    ['refuses one beyond 2^31 - 1', HELLO + post(1) + windowUpdate(1, 2 ** 31 - 1), 'RST_STREAM 1 FLOW_CONTROL_ERROR'],
    [
      'refuses SETTINGS that bring it there',
      HELLO + post(1) + windowUpdate(1, 2 ** 31 - 65_536) + settings([setting.INITIAL_WINDOW_SIZE, 65_536]),
      'GOAWAY 1 FLOW_CONTROL_ERROR',
    ],
    [
      'refuses more DATA than the window of the stream',
      HELLO + post(1) + data(1, 'a'.repeat(16_384)).repeat(4),
      'RST_STREAM 1 FLOW_CONTROL_ERROR',
    ],
  ],
  waiting,
)

suite('6.9.2 the first window of streams', [
  ['of 1 lets the first byte go', PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 1]) + get(1), OK[0]!, 'DATA 1 o'],
  [
    'grows by SETTINGS',
    PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 1]) + get(1) + settings([setting.INITIAL_WINDOW_SIZE, 2]),
    OK[0]!,
    'DATA 1 o',
    'DATA 1 end k',
  ],
  [
    'may be less than nothing',
    PREFACE +
      settings([setting.INITIAL_WINDOW_SIZE, 1]) +
      get(1) +
      settings([setting.INITIAL_WINDOW_SIZE, 0]) +
      windowUpdate(1, 1),
    OK[0]!,
    'DATA 1 o',
  ],
  [
    'and more again',
    PREFACE +
      settings([setting.INITIAL_WINDOW_SIZE, 1]) +
      get(1) +
      settings([setting.INITIAL_WINDOW_SIZE, 0]) +
      windowUpdate(1, 2),
    OK[0]!,
    'DATA 1 o',
    'DATA 1 end k',
  ],
  ['of 0 lets nothing go but the head', PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 0]) + get(1), OK[0]!],
])

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
