/** What attackers have done to others, and what it comes to here: a word, a counter, and the end of their connection. */
import { describe, expect, test } from 'bun:test'
import { FieldSection } from '../../../core/http1/field-section.ts'
import { blockOf } from '../../../core/http2/hpack-decoder.ts'
import { FieldBlocks } from '../../../core/inbound/http2-blocks.ts'
import { held } from '../../../core/http2/memory.ts'
import * as setting from '../../../core/http2/settings.ts'
import * as type from '../../../core/http2/frames.ts'
import { limits } from '../../support/http1-bytes.ts'
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
  keptBlock,
  ping,
  post,
  POST,
  priority,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { inEvent } from '../../support/memory-socket.ts'
import { http2Client, type Http2Client, type Http2ClientOptions } from '../../support/http2-client.ts'

const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }

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
      101,
      (index: number) => get(id(index)) + data(id(index), 'a'),
    ],
    [
      'MadeYouReset by windows of nothing',
      'made-reset',
      101,
      (index: number) => post(id(index)) + windowUpdate(id(index), 0),
    ],
    [
      'MadeYouReset by windows too large',
      'made-reset',
      101,
      (index: number) => post(id(index)) + windowUpdate(id(index), 2 ** 31 - 1),
    ],
    ['MadeYouReset by malformed heads', 'made-reset', 101, (index: number) => headers(id(index), [...GET, ['A', 'b']])],
    ['MadeYouReset by priorities', 'made-reset', 101, (index: number) => priority(id(index), id(index))],
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
    expect(untilOver(client, () => frame(type.CONTINUATION, 0, 1, '\0\x01a\x01b'))).toBe(65)
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

describe('the HTTP/2 bomb (CVE-2026-49975)', () => {
  /** One field of 4000 bytes in the table, and as many references to it as a frame holds. */
  const bomb = (streamId: number, references: number): string =>
    frame(type.HEADERS, END_STREAM | END_HEADERS, streamId, `${block(GET)}${'\xbe'.repeat(references)}`)

  test('is refused by what it becomes, and holds nothing', () => {
    const client = http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } })
    client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
    const before = held.headBytes
    for (let index = 1; index < 50; index += 1)
      expect(client.send(bomb(id(index), 15_000))[0]).toStartWith(`HEADERS ${id(index)} :status=431`)
    expect([held.headBytes - before, client.requests.length]).toEqual([0, 1])
  })

  test('in crumbs of a cookie is refused as well', () => {
    const client = http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } })
    client.send(
      frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['cookie', 'a'.repeat(4000)]])),
    )
    expect(client.send(bomb(3, 15_000))[0]).toStartWith('HEADERS 3 :status=431')
  })

  test('below the limits of each head is bounded by those of the connection', () => {
    const client = http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } })
    const before = held.headBytes
    client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
    const lines = Array.from({ length: 99 }, (_, index) => client.send(bomb(id(index + 1), 15))).flat()
    expect(lines.filter((line) => line.endsWith('REFUSED_STREAM')).length).toBeGreaterThan(50)
    expect(held.headBytes - before).toBeLessThanOrEqual(1024 * 1024)
    client.socket.terminate()
    expect(held.headBytes).toBe(before)
  })

  test('takes no memory by heads that nobody holds', () => {
    const blocks = new FieldBlocks()
    const placeOf = (): unknown => {
      const built = blocks.readRequest(blockOf(Buffer.from(block(GET), 'latin1')), false, limits, new FieldSection(8))
      return built.kind === 'head' && { bytes: built.bytes.buffer, start: built.start }
    }
    const first = placeOf()
    expect(placeOf()).toEqual(first)
    blocks.keepHead()
    expect(placeOf()).not.toEqual(first)
  })

  test('over many connections is bounded by those of the process', () => {
    const before = held.headBytes
    const clients = Array.from({ length: 60 }, () =>
      http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } }),
    )
    let refused = 0
    for (const client of clients) {
      client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
      for (let index = 1; index < 20; index += 1)
        if (client.send(bomb(id(index), 12))[0]?.endsWith('REFUSED_STREAM')) refused += 1
    }
    expect(refused).toBeGreaterThan(0)
    expect(held.headBytes).toBeLessThanOrEqual(16 * 1024 * 1024)
    for (const client of clients) client.socket.terminate()
    expect(held.headBytes).toBe(before)
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
