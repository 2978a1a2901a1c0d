import { describe, expect, test } from 'bun:test'
import { askInHttp2, type PageCheck } from '../../../core/health/page-check.ts'
import { PREFACE } from '../../../core/http2/frames.ts'
import * as type from '../../../core/http2/frames.ts'
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
  reset,
  settings,
} from '../../support/http2.ts'

const page: PageCheck = { kind: 'http', path: '/health?a', host: undefined, expect: [{ from: 200, to: 399 }] }

function start(check = page) {
  let sent = ''
  const send = (bytes: Buffer): void => void (sent += textOf(bytes))
  const inquiry = askInHttp2(check, { authority: 'a:1', scheme: 'https', send }, limits)
  inquiry.begin()
  return {
    inquiry,
    read: (text: string) => inquiry.read(bytesOf(text)),
    lines: () => new FrameLog().read(sent.slice(PREFACE.length)),
  }
}

const head = (status: string, flags = END_HEADERS): string => headers(1, [[':status', status]] as Fields, flags)
const WHOLE = END_HEADERS | END_STREAM

describe('a check that asks for a page in HTTP/2', () => {
  test('is one request, whole from the start', () => {
    expect(start().lines()).toEqual([
      'SETTINGS',
      'HEADERS 1 end :method=GET :scheme=https :path=/health?a :authority=a:1 user-agent=smartedge-health accept=*/*',
    ])
    expect(start({ ...page, host: 'b.example' }).lines()[1]).toContain(':authority=b.example')
  })

  test('says what to write instead of a server that answers in HTTP/1.1', () => {
    expect(start().read('HTTP/1.1 400 Bad Request\r\n\r\n')).toEqual({
      passed: false,
      detail: 'speaks HTTP/1.x, and was asked in HTTP/2: "protocol" of its pool may be "http/1.1"',
    })
  })

  test.each([
    ['of one status', head('200', WHOLE), true, '200'],
    ['of another', head('503', WHOLE), false, '503, expected 200-399'],
    ['that redirects', head('302', WHOLE), true, '302'],
    ['behind interim ones', head('103') + head('204', WHOLE), true, '204'],
    ['that is none', reset(1, 7), false, 'the call was reset (REFUSED_STREAM)'],
    ['of a server that leaves', goAway(0), false, 'the server leaves (NO_ERROR)'],
  ] as const)('takes an answer %s', (_, sent, passed, detail) => {
    for (const pieceBytes of [Infinity, 1]) {
      const { read, inquiry } = start()
      const all = settings() + sent
      let verdict
      for (let at = 0; at < all.length && verdict === undefined; at += pieceBytes)
        verdict = read(all.slice(at, pieceBytes === Infinity ? undefined : at + pieceBytes))
      expect([verdict, inquiry.isOver]).toEqual([{ passed, detail }, true])
    }
  })

  test('has its verdict with the head, and takes the rest', () => {
    const { read, inquiry } = start()
    const verdict = { passed: true, detail: '200' }
    expect([read(settings() + head('200')), inquiry.isOver]).toEqual([verdict, false])
    expect([read(data(1, 'hello')), inquiry.isOver]).toEqual([verdict, false])
    expect([read(data(1, '', END_STREAM)), inquiry.isOver]).toEqual([verdict, true])
  })

  test.each([
    ['a status that is none', head('20', WHOLE)],
    ['a status of letters', head('2xx', WHOLE)],
    ['no status', headers(1, [['server', 'a']], WHOLE)],
    ['content before a head', data(1, 'hello')],
    ['interim heads alone', head('103', WHOLE)],
    ['fields that are no HPACK', frame(type.HEADERS, WHOLE, 1, '\xff\xff\xff\xff')],
    ['a frame of 16 MB', frame(type.DATA, 0, 1, '', 0xff_ffff)],
  ])('fails over %s', (_, sent) => {
    expect(() => start().read(settings() + sent)).toThrow(/./)
  })
})
