/** RFC 9113 3, 4 and 6: the preface and each kind of frame. */
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
import { OK, PADDED, PRIORITY, padded, dependency, waiting, opening, rest, suite } from '../../support/http2-suite.ts'

suite('3.4 connection preface', [
  ['takes the preface and answers', HELLO + get(1), ...OK],
  ['takes SETTINGS in the preface with values', PREFACE + settings([3, 10], [4, 100_000]) + get(1), ...OK],
  ['refuses another preface', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'GOAWAY 0 PROTOCOL_ERROR'],
  ['refuses what is nothing at all', 'INVALID CONNECTION PREFACE\r\n\r\n', 'GOAWAY 0 PROTOCOL_ERROR'],
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
