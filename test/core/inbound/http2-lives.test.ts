/** RFC 9113 5: what may come in which state of a stream. */
import * as type from '../../../core/http2/frames.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  get,
  headers,
  HELLO,
  ping,
  post,
  PREFACE,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { OK3, OK, PRIORITY, dependency, without, waiting, rest, suite } from '../../support/http2-suite.ts'

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
