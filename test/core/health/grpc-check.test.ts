import { describe, expect, test } from 'bun:test'
import { PREFACE } from '../../../core/http2/frames.ts'
import * as type from '../../../core/http2/frames.ts'
import { createGrpcCheck } from '../../../core/health/grpc-check.ts'
import { bytesOf, limits, textOf } from '../../support/http1-bytes.ts'
import {
  data,
  END_HEADERS,
  END_STREAM,
  type Fields,
  frame,
  FrameLog,
  goAway,
  headers,
  ping,
  reset,
  settings,
} from '../../support/http2.ts'

function start(service = '') {
  let sent = ''
  const send = (bytes: Buffer): void => void (sent += textOf(bytes))
  const check = createGrpcCheck(service, { authority: 'a:1', scheme: 'http', send }, limits)
  check.begin()
  const log = new FrameLog()
  let read = PREFACE.length
  return {
    check,
    read: (text: string) => check.read(bytesOf(text)),
    got() {
      const lines = log.read(sent.slice(read))
      read = sent.length
      return lines
    },
  }
}

const OK: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]
const head = headers(1, OK, END_HEADERS)
const message = (...bytes: number[]): string => data(1, `\0\0\0\0${String.fromCharCode(bytes.length, ...bytes)}`)
const trailers = (code: string, words = ''): string =>
  headers(
    1,
    words === ''
      ? [['grpc-status', code]]
      : [
          ['grpc-status', code],
          ['grpc-message', words],
        ],
  )

describe('a check by grpc.health.v1', () => {
  test('is one call, whole from the start', () => {
    const call = start('shop.Orders')
    const [first, ...rest] = call.got()
    expect(first).toBe('SETTINGS')
    expect(rest).toEqual([
      'HEADERS 1 :method=POST :scheme=http :path=/grpc.health.v1.Health/Check :authority=a:1 content-type=application/grpc te=trailers user-agent=smartedge-health',
      `DATA 1 end \0\0\0\0\x0d\n\x0bshop.Orders`,
    ])
    expect(call.read(settings() + ping())).toBeUndefined()
    expect(call.got()).toEqual(['SETTINGS ack', 'PING ack 12345678'])
  })

  test.each([
    ['that serves', head + message(8, 1) + trailers('0'), true, 'SERVING'],
    ['that does not', head + message(8, 2) + trailers('0'), false, 'NOT_SERVING'],
    ['that does not know', head + message() + trailers('0'), false, 'UNKNOWN'],
    ['with a status of another time', head + message(8, 9) + trailers('0'), false, 'status 9'],
    [
      'that has no such service',
      headers(1, [...OK, ['grpc-status', '5'], ['grpc-message', 'unknown']]),
      false,
      'NOT_FOUND unknown',
    ],
    ['that has no health service', head + trailers('12', 'no such method'), false, 'UNIMPLEMENTED no such method'],
    ['that is no gRPC', headers(1, [[':status', '404']]), false, 'not gRPC: answered 404 without a grpc-status'],
    [
      'that answers, and knows no gRPC',
      head + data(1, 'ok', END_STREAM),
      false,
      'not gRPC: answered 200 without a grpc-status',
    ],

    ['that refuses', reset(1, 7), false, 'the call was reset (REFUSED_STREAM)'],
    ['that leaves', goAway(0), false, 'the server leaves (NO_ERROR)'],
  ] as const)('of a member %s', (_, sent, passed, detail) => {
    for (const pieceBytes of [Infinity, 1]) {
      const { read } = start()
      const all = settings() + sent
      let answer
      for (let at = 0; at < all.length && answer === undefined; at += pieceBytes)
        answer = read(all.slice(at, pieceBytes === Infinity ? undefined : at + pieceBytes))
      expect(answer).toEqual({ passed, detail })
    }
  })

  test.each(['HTTP/1.1 400 Bad Request', 'HTTP/1.0 200 OK'])('says what to write instead at %s', (line) => {
    expect(start().read(`${line}\r\n\r\n`)).toEqual({
      passed: false,
      detail: 'speaks HTTP/1.x, and gRPC needs HTTP/2: "check" may be "http", and "protocol" of its pool "http/1.1"',
    })
  })

  test.each([
    ['a message cut short', head + data(1, '\0\0\0\0\x02\x08') + trailers('0')],
    ['a message of another kind', head + message(0x12, 1, 65) + trailers('0')],
    ['a message without end', head + data(1, 'a'.repeat(300))],
    ['fields that are no HPACK', frame(type.HEADERS, END_HEADERS | END_STREAM, 1, '\xff\xff\xff\xff')],
    ['a frame of 16 MB', frame(type.DATA, 0, 1, '', 0xff_ffff)],
  ])('fails over %s', (_, sent) => {
    expect(() => start().read(sent)).toThrow(/./)
  })
})
