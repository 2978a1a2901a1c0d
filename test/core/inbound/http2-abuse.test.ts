/** What attackers have done to others, and what it comes to here: a word, a counter, and the end of their connection. */
import { beforeEach, describe, expect, test } from 'bun:test'
import { inHeads, inStreams } from '../../../core/http2/memory.ts'
import * as setting from '../../../core/http2/settings.ts'
import * as type from '../../../core/http2/frames.ts'
import { recordRequest } from '../../support/http1-ends.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  get,
  headers,
  ping,
  post,
  POST,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { inEvent, receive } from '../../support/memory-socket.ts'
import { http2Client, type Http2Client, type Http2ClientOptions } from '../../support/http2-client.ts'

const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }

// Others leave streams open.
beforeEach(() => {
  inStreams.bytes = 0
  inHeads.bytes = 0
})

/** Sends one after the other until the connection ends; returns how many it took. */
function untilOver(client: Http2Client, one: (index: number) => string, most = 20_000): number {
  for (let index = 0; index < most; index += 1) {
    client.send(one(index))
    if (client.socket.hasShut) return index + 1
  }
  return Infinity
}

const id = (index: number): number => 2 * index + 1

describe('too much of one kind ends the connection', () => {
  test.each([
    ['rapid reset (CVE-2023-44487)', 'early-reset', 101, (index: number) => get(id(index)) + reset(id(index))],
    ['PING', 'ping', 201, () => ping()],
    ['SETTINGS', 'settings', 50, () => settings([setting.INITIAL_WINDOW_SIZE, 1000])],
    ['PRIORITY', 'priority', 201, (index: number) => priority(id(index), 0)],
    ['WINDOW_UPDATE that nothing was sent for', 'window-update', 201, () => windowUpdate(0, 1)],
    [
      'RST_STREAM of streams that are over',
      'rapid-reset',
      201,
      (index: number) => (index === 0 ? get(1) : '') + reset(1),
    ],
    [
      'MadeYouReset by half-closed streams (CVE-2025-8671)',
      'made-reset',
      51,
      (index: number) => get(id(index)) + data(id(index), 'a'),
    ],
    [
      'MadeYouReset by windows of nothing',
      'made-reset',
      51,
      (index: number) => post(id(index)) + windowUpdate(id(index), 0),
    ],
    [
      'MadeYouReset by windows too large',
      'made-reset',
      51,
      (index: number) => post(id(index)) + windowUpdate(id(index), 2 ** 31 - 1),
    ],
    ['MadeYouReset by malformed heads', 'made-reset', 51, (index: number) => headers(id(index), [...GET, ['A', 'b']])],
    ['MadeYouReset by priorities', 'made-reset', 51, (index: number) => priority(id(index), id(index))],
  ] as const)('%s', (_, kind, expected, one) => {
    const client = http2Client(waiting)
    expect(untilOver(client, one)).toBe(expected)
    expect(client.frames.lines.at(-1)).toEndWith('ENHANCE_YOUR_CALM')
    expect(client.violations.at(-1)).toBe(kind)
    expect(client.requests.length).toBeLessThanOrEqual(101)
  })

  test('DATA without content', () => {
    const client = http2Client(waiting)
    client.send(post(1))
    expect(untilOver(client, () => data(1, ''))).toBe(101)
    expect(client.violations).toEqual(['empty-data'])
  })

  test('CONTINUATION without end (CVE-2024-27316)', () => {
    const client = http2Client()
    client.send(frame(type.HEADERS, 0, 1, block(GET)))
    expect(untilOver(client, () => frame(type.CONTINUATION, 0, 1, '\0\x01a\x01b'))).toBe(17)
    expect(client.violations).toEqual(['continuation'])
  })

  test('CONTINUATION without content', () => {
    const client = http2Client()
    client.send(frame(type.HEADERS, 0, 1, block(GET)))
    expect(untilOver(client, () => frame(type.CONTINUATION, 0, 1))).toBe(9)
  })

  test('CONTINUATION of more bytes than a head may have', () => {
    const client = http2Client()
    client.send(frame(type.HEADERS, 0, 1, block(GET)))
    expect(untilOver(client, () => frame(type.CONTINUATION, 0, 1, 'a'.repeat(16_000)))).toBe(9)
  })

  test('answers that are not read', () => {
    const client = http2Client()
    client.socket.room = 0
    let pings = 0
    for (let second = 0; second < 1000 && client.socket.isOpen && client.violations.length === 0; second += 1) {
      client.send(ping().repeat(90))
      pings += 90
      // It takes a byte now and then, so that it can't be called dead.
      client.socket.room = 1
      inEvent(() => client.connection.wire.drained())
      client.clock.advance(1000)
    }
    expect(client.violations).toEqual(['unread'])
    expect(pings).toBeWithin(10_000, 10_500)
  })
})

describe('what clients do', () => {
  test.each([
    [
      'a browser that leaves a page of 100 streams',
      (): string => Array.from({ length: 100 }, (_, index) => get(id(index)) + reset(id(index))).join(''),
    ],
    ['100 pings at once', (): string => ping().repeat(100)],
    [
      'a client that changes its window ten times',
      (): string => settings([setting.INITIAL_WINDOW_SIZE, 70_000]).repeat(10),
    ],
  ])('is let pass: %s', (_, text) => {
    const client = http2Client(waiting)
    client.send(text())
    expect([client.socket.hasShut, client.violations]).toEqual([false, []])
  })

  test('is let pass for ever when it is not too much a second', () => {
    const client = http2Client(waiting)
    for (let second = 0; second < 60; second += 1) {
      for (let index = 0; index < 45; index += 1)
        client.send(get(id(second * 45 + index)) + reset(id(second * 45 + index)))
      client.send(ping().repeat(50))
      client.clock.advance(1000)
    }
    expect([client.socket.hasShut, client.violations]).toEqual([false, []])
  })

  test('window updates for what was sent count for nothing', () => {
    const client = http2Client()
    for (let index = 0; index < 2000; index += 1) client.send(get(id(index)) + windowUpdate(0, 2))
    expect([client.socket.hasShut, client.violations]).toEqual([false, []])
  })
})

describe('resets in the life of a connection', () => {
  test('have an end, however slowly they come', () => {
    const client = http2Client(waiting)
    let resets = 0
    for (let second = 0; second < 1000 && !client.socket.hasShut; second += 1) {
      for (let index = 0; index < 45 && !client.socket.hasShut; index += 1, resets += 1)
        client.send(get(id(resets)) + reset(id(resets)))
      client.clock.advance(1000)
    }
    expect([resets, client.violations]).toEqual([10_001, ['rapid-reset']])
  })
})

describe('requests of a client that has taken back others', () => {
  const pairs = (count: number): string =>
    Array.from({ length: count }, (_, index) => get(id(index)) + reset(id(index))).join('')

  test('begin when it is their turn, if they are still there', () => {
    const client = http2Client(waiting)
    client.send(pairs(50) + get(101))
    expect(client.requests.length).toBe(3)
    expect(client.connection.isClosed).toBe(false)
  })

  test('are answered as ever', () => {
    const client = http2Client()
    client.send(post(1) + reset(1) + post(3) + reset(3))
    expect(client.send(get(5))).toEqual(['HEADERS 5 :status=200 date=now content-length=2', 'DATA 5 end ok'])
  })

  test('begin at once again a while later', () => {
    const client = http2Client(waiting)
    client.send(pairs(10) + get(101))
    client.clock.advance(10_000)
    receive(client.connection.wire, get(103))
    expect(client.requests.length).toBe(4)
  })
})

describe('smuggling', () => {
  test.each([
    ['H2.CL: a length that the content has not', post(1, [['content-length', '4']]) + data(1, 'abcdefgh', END_STREAM)],
    [
      'H2.TE: chunks in content',
      headers(1, [...POST, ['transfer-encoding', 'chunked']], END_HEADERS) + data(1, '0\r\n\r\nGET /x', END_STREAM),
    ],
    ['a field in a value', get(1, [['x', 'a\r\ntransfer-encoding: chunked']])],
    [
      'a request in a path',
      headers(1, [...GET.slice(0, 2), [':path', '/ HTTP/1.1\r\nhost: b\r\n\r\nGET /x'], [':authority', 'a']]),
    ],
    ['a field in a name', get(1, [['x: 1\r\ny', '1']])],
    ['a method with a request', headers(1, [[':method', 'GET /x HTTP/1.1\r\nx: y'], ...GET.slice(1)])],
  ])('ends its stream: %s', (_, text) => {
    const client = http2Client(waiting)
    expect(client.send(text)).toEqual(['RST_STREAM 1 PROTOCOL_ERROR'])
  })
})
