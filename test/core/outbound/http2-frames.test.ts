/** RFC 9113 3 to 6, as far as a backend may break them: frames out of place, of wrong sizes, for wrong streams, beyond windows. */
import * as type from '../../../core/http2/frames.ts'
import * as setting from '../../../core/http2/settings.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goAway,
  headers,
  number32,
  ping,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
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
import { dependency, PADDED, padded, PRIORITY } from '../../support/http2-suite.ts'

const PROTOCOL = 'GOAWAY 0 PROTOCOL_ERROR'
const SIZE = 'GOAWAY 0 FRAME_SIZE_ERROR'
const FLOW = 'GOAWAY 0 FLOW_CONTROL_ERROR'
const CLOSED = 'GOAWAY 0 STREAM_CLOSED'
const TOO_MUCH = 'GOAWAY 0 ENHANCE_YOUR_CALM'
const OK = block(status(200))

const fine = (title: string, sent: string): BackendCase => [title, sent, 'nothing', ANSWERED]
const broken = (title: string, sent: string, told: BackendCase[2] = PROTOCOL): BackendCase => [
  title,
  sent,
  told,
  BROKEN,
]

backendSuite(
  '3.4 the preface of a server',
  [
    fine('is its SETTINGS', settings() + answer(1)),
    broken('is no response', answer(1)),
    broken('is no DATA', data(1, 'a')),
    broken('is no PING', ping()),
    broken('is no RST_STREAM', reset(1)),
    broken('is no WINDOW_UPDATE', windowUpdate(0, 1)),
    broken('is no PRIORITY', priority(1, 0)),
    broken('is no acknowledgement', frame(type.SETTINGS, type.FLAG_ACK, 0)),
    ...['1.1 400 Bad Request', '1.0 505 No', '1.1 200'].map((line): BackendCase => [
      `is no HTTP/${line}`,
      `HTTP/${line}\r\n\r\n`,
      SIZE,
      'protocol: the backend answers in HTTP/1.x, and was asked in HTTP/2: "protocol" of its pool may be "http/1.1"',
    ]),
    broken('is no word like it', 'HTTPS is spoken here', SIZE),
    broken('is no alert of TLS', '\x15\x03\x03\0\x02\x02\x46\0\0\0', SIZE),
  ],
  { isSilent: true },
)

backendSuite('4.1 frame format', [
  fine('a type that is not known is ignored', frame(0x16, 0xff, 0, 'x'.repeat(100)) + answer(1)),
  fine('even of a stream that has not begun', frame(0x16, 0, 99, 'x') + answer(1)),
  fine('flags that are not known are ignored', frame(type.PING, 0x16, 0, '12345678') + answer(1)),
  fine('the reserved bit is ignored', frame(type.PING, 0, 0x8000_0000, '12345678') + answer(1)),
])

backendSuite('4.2 frame size', [
  [
    'a frame of 16,384 bytes is taken',
    head(1) + data(1, 'a'.repeat(16_384)) + data(1, '', END_STREAM),
    'nothing',
    ANSWERED,
  ],
  ['DATA of one byte more is not', head(1) + data(1, 'a'.repeat(16_385)), SIZE, BROKEN],
  broken('HEADERS of 16 MB are not', frame(type.HEADERS, END_HEADERS, 1, '', 0xff_ffff), SIZE),
  broken('SETTINGS of 16,386 bytes are not', frame(type.SETTINGS, 0, 0, '', 16_386), SIZE),
  broken('nor is a type that is not known', frame(0x16, 0, 0, '', 0xff_ffff), SIZE),
])

backendSuite('4.3 field blocks', [
  fine(
    'may come in pieces',
    frame(type.HEADERS, 0, 1, OK.slice(0, 3)) +
      frame(type.CONTINUATION, 0, 1) +
      frame(type.CONTINUATION, END_HEADERS, 1, OK.slice(3)) +
      data(1, 'ok', END_STREAM),
  ),
  broken('have nothing between', frame(type.HEADERS, 0, 1, OK) + ping()),
  broken('not even what is not known', frame(type.HEADERS, 0, 1, OK) + frame(0x16, 0, 0)),
  broken('and none of another stream', frame(type.HEADERS, 0, 1, OK) + frame(type.CONTINUATION, END_HEADERS, 3)),
  broken('begin with HEADERS', frame(type.CONTINUATION, END_HEADERS, 1, OK)),
  broken('are over when they say so', head(1) + frame(type.CONTINUATION, END_HEADERS, 1, OK)),
  broken(
    'have an end (CVE-2024-27316)',
    frame(type.HEADERS, 0, 1, OK) + frame(type.CONTINUATION, 0, 1, '\0\x01a\x01b').repeat(17),
    TOO_MUCH,
  ),
  broken(
    'have an end, however empty',
    frame(type.HEADERS, 0, 1, OK) + frame(type.CONTINUATION, 0, 1).repeat(9),
    TOO_MUCH,
  ),
  broken(
    'have no more bytes than a head may have',
    frame(type.HEADERS, 0, 1, OK) + frame(type.CONTINUATION, 0, 1, 'a'.repeat(16_000)).repeat(9),
    TOO_MUCH,
  ),
])

backendSuite('5.1 streams: idle', [
  broken('DATA is refused', data(99, 'a')),
  broken('HEADERS are refused', head(99)),
  broken('RST_STREAM is refused', reset(99)),
  broken('WINDOW_UPDATE is refused', windowUpdate(99, 1)),
  fine('PRIORITY is ignored', priority(99, 0) + answer(1)),
])

backendSuite('5.1.1 streams that only a server begins', [
  broken('have no HEADERS', head(2)),
  broken('have no DATA', data(2, 'a')),
  broken('have no RST_STREAM', reset(2)),
  broken('have no WINDOW_UPDATE', windowUpdate(2, 1)),
])

backendSuite('5.1 streams: closed', [
  ['by its end: refuses DATA', answer(1) + data(1, 'a'), CLOSED, 'end'],
  ['by its end: refuses another end', answer(1) + data(1, '', END_STREAM), CLOSED, 'end'],
  ['by its end: refuses HEADERS', answer(1) + head(1), CLOSED, 'end'],
  fine('by its end: ignores RST_STREAM', answer(1) + reset(1)),
  fine('by its end: ignores WINDOW_UPDATE', answer(1) + windowUpdate(1, 1)),
  fine('by its end: ignores PRIORITY', answer(1) + priority(1, 0)),
  [
    'by us: what was under way is let pass',
    data(1, 'a') + data(1, 'b') + head(1),
    'RST_STREAM 1 PROTOCOL_ERROR',
    FAILED,
  ],
  ['by its reset: is a failure', head(1) + reset(1), 'nothing', 'reset: the backend reset the stream (CANCEL)'],
])

backendSuite('6.1 DATA', [
  broken('belongs to a stream', frame(type.DATA, 0, 0, 'a')),
  broken('has no more padding than bytes', head(1) + frame(type.DATA, PADDED, 1, '\x05abcd')),
  broken('has a length of its padding', head(1) + frame(type.DATA, PADDED, 1), SIZE),
  fine('may be padded', head(1) + frame(type.DATA, PADDED | END_STREAM, 1, padded(5, 'ok'))),
  fine('may be nothing but padding', head(1) + frame(type.DATA, PADDED | END_STREAM, 1, padded(255, ''))),
  ['comes behind a head', data(1, 'a'), 'RST_STREAM 1 PROTOCOL_ERROR', FAILED],
  [
    'comes behind a final head',
    headers(1, status(103), END_HEADERS) + data(1, 'a'),
    'RST_STREAM 1 PROTOCOL_ERROR',
    FAILED,
  ],
  ['ends no response that has no head', data(1, '', END_STREAM), 'RST_STREAM 1 PROTOCOL_ERROR', FAILED],
  broken('has content now and then', head(1) + data(1, '').repeat(101), TOO_MUCH),
])

backendSuite('6.2 HEADERS', [
  broken('belong to a stream', frame(type.HEADERS, END_HEADERS, 0, OK)),
  broken('have no more padding than bytes', frame(type.HEADERS, PADDED | END_HEADERS, 1, `\xff${OK}`)),
  broken('have a length of their padding', frame(type.HEADERS, PADDED | END_HEADERS, 1), SIZE),
  broken('have room for their priority', frame(type.HEADERS, PRIORITY | END_HEADERS, 1, '\0\0\0'), SIZE),
  fine(
    'may have both',
    frame(type.HEADERS, PADDED | PRIORITY | END_HEADERS | END_STREAM, 1, padded(3, dependency(0) + OK)),
  ),
])

backendSuite('6.3 PRIORITY', [
  fine('is ignored', priority(1, 0) + answer(1)),
  broken('belongs to a stream', frame(type.PRIORITY, 0, 0, dependency(1))),
  broken('has 5 bytes', frame(type.PRIORITY, 0, 1, number32(0)), SIZE),
  broken('is not all that comes', priority(1, 0).repeat(201), TOO_MUCH),
])

backendSuite('6.4 RST_STREAM', [
  ['fails its response', reset(1, 2), 'nothing', 'reset: the backend reset the stream (INTERNAL_ERROR)'],
  ['fails it for reasons that nobody knows', reset(1, 0xff), 'nothing', 'reset: the backend reset the stream (0xff)'],
  ['fails what has not ended, though nothing is wrong', head(1) + reset(1, 0), 'nothing', 'reset: the backend reset'],
  broken('belongs to a stream', frame(type.RST_STREAM, 0, 0, number32(0))),
  broken('has no 3 bytes', frame(type.RST_STREAM, 0, 1, 'abc'), SIZE),
  broken('has no 5 bytes', frame(type.RST_STREAM, 0, 1, 'abcde'), SIZE),
])

backendSuite('6.5 SETTINGS', [
  fine('may come again', settings([setting.HEADER_TABLE_SIZE, 0]) + answer(1)),
  fine('that are not known are ignored', settings([0xff, 1]) + answer(1)),
  fine('may say that nothing is pushed', settings([setting.ENABLE_PUSH, 0]) + answer(1)),
  fine('acknowledged are ours', frame(type.SETTINGS, type.FLAG_ACK, 0) + answer(1)),
  broken('acknowledge without a payload', frame(type.SETTINGS, type.FLAG_ACK, 0, '\0\x03\0\0\0\x01'), SIZE),
  broken('belong to no stream', frame(type.SETTINGS, 0, 1)),
  broken('have 6 bytes each', frame(type.SETTINGS, 0, 0, 'abcde'), SIZE),
  broken('of a server ask for no pushes', settings([setting.ENABLE_PUSH, 1])),
  broken('know no other push', settings([setting.ENABLE_PUSH, 2])),
  broken('have no window of 2^31', settings([setting.INITIAL_WINDOW_SIZE, 2 ** 31]), FLOW),
  broken('have no smaller frames', settings([setting.MAX_FRAME_SIZE, 16_383])),
  broken('have no larger frames', settings([setting.MAX_FRAME_SIZE, 2 ** 24])),
  broken('say of the extended CONNECT 0 or 1', settings([setting.ENABLE_CONNECT_PROTOCOL, 2])),
  broken(
    'do not widen what is wide',
    windowUpdate(1, 2 ** 31 - 65_536) + settings([setting.INITIAL_WINDOW_SIZE, 70_000]),
    FLOW,
  ),
  broken('are not all that comes', settings().repeat(50), TOO_MUCH),
])

backendSuite('6.6 PUSH_PROMISE', [
  broken('is not taken', frame(type.PUSH_PROMISE, END_HEADERS, 1, number32(2) + OK)),
  broken('is not taken of stream 0', frame(type.PUSH_PROMISE, END_HEADERS, 0, number32(2) + OK)),
])

backendSuite('6.7 PING', [
  fine('is answered', ping() + answer(1)),
  fine('that answers none is ignored', ping('12345678', type.FLAG_ACK) + answer(1)),
  broken('belongs to no stream', frame(type.PING, 0, 1, '12345678')),
  broken('has no 4 bytes', ping('1234'), SIZE),
  broken('has no 12 bytes', ping('123456789012'), SIZE),
  broken('is not all that comes', ping().repeat(201), TOO_MUCH),
])

backendSuite('6.8 GOAWAY', [
  broken('belongs to no stream', frame(type.GOAWAY, 0, 1, number32(1) + number32(0))),
  broken('has 8 bytes at least', frame(type.GOAWAY, 0, 0, number32(1)), SIZE),
  ['gives up what it does not name', goAway(0, 0), 'GOAWAY 0 NO_ERROR', 'reset: the backend leaves (NO_ERROR)'],
  ['says why', goAway(0, 11), 'GOAWAY 0 NO_ERROR', 'reset: the backend leaves (ENHANCE_YOUR_CALM)'],
  ['lets what it names be answered', goAway(1, 0) + answer(1), 'GOAWAY 0 NO_ERROR', 'end'],
])

backendSuite('6.9 WINDOW_UPDATE', [
  fine('widens', windowUpdate(0, 1000) + windowUpdate(1, 1000) + answer(1)),
  broken('has 4 bytes', frame(type.WINDOW_UPDATE, 0, 0, 'abc'), SIZE),
  broken('of nothing on the connection', windowUpdate(0, 0)),
  ['of nothing on the stream', windowUpdate(1, 0), 'RST_STREAM 1 PROTOCOL_ERROR', FAILED],
  broken('beyond 2^31 - 1 on the connection', windowUpdate(0, 2 ** 31 - 1), FLOW),
  ['beyond 2^31 - 1 on the stream', windowUpdate(1, 2 ** 31 - 1), 'RST_STREAM 1 FLOW_CONTROL_ERROR', FAILED],
  broken('is not all that comes', windowUpdate(0, 1).repeat(201), TOO_MUCH),
])
