/** What attackers have others hold by little that they send, and the bounds that it has here: for a connection, and for the process. */
import { beforeEach, describe, expect, test } from 'bun:test'
import { FieldSection } from '../../../core/http1/field-section.ts'
import { blockOf } from '../../../core/http2/hpack-decoder.ts'
import { FieldBlocks } from '../../../core/inbound/http2-blocks.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { inBlocks, inHeads, inStreams } from '../../../core/http2/memory.ts'
import * as setting from '../../../core/http2/settings.ts'
import * as type from '../../../core/http2/frames.ts'
import { limits } from '../../support/http1-bytes.ts'
import { recordRequest } from '../../support/http1-ends.ts'
import { block, END_HEADERS, END_STREAM, frame, GET, get, keptBlock, settings } from '../../support/http2.ts'
import { headOf, send } from '../../support/http2-waiting.ts'
import { http2Client, type Http2ClientOptions } from '../../support/http2-client.ts'

const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }
const id = (index: number): number => 2 * index + 1

// Others leave streams open.
beforeEach(() => {
  inStreams.bytes = 0
  inHeads.bytes = 0
})

/** One field of 4000 bytes in the table, and as many references to it as a frame holds. */
const bomb = (streamId: number, references: number): string =>
  frame(type.HEADERS, END_STREAM | END_HEADERS, streamId, `${block(GET)}${'\xbe'.repeat(references)}`)

describe('the HTTP/2 bomb (CVE-2026-49975)', () => {
  test('is refused by what it becomes, and holds nothing', () => {
    const client = http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } })
    client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
    const before = inHeads.bytes + inStreams.bytes
    for (let index = 1; index < 50; index += 1)
      expect(client.send(bomb(id(index), 15_000))[0]).toStartWith(`HEADERS ${id(index)} :status=431`)
    expect([inHeads.bytes + inStreams.bytes - before, client.requests.length]).toEqual([0, 1])
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
    const before = inHeads.bytes
    client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
    const lines = Array.from({ length: 99 }, (_, index) => client.send(bomb(id(index + 1), 15))).flat()
    expect(lines.filter((line) => line.endsWith('REFUSED_STREAM')).length).toBeGreaterThan(50)
    expect(inHeads.bytes - before).toBeLessThanOrEqual(1024 * 1024)
    client.socket.terminate()
    expect(inHeads.bytes).toBe(before)
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
    const before = inHeads.bytes
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
    expect(inHeads.bytes).toBeLessThanOrEqual(11 * 1024 * 1024)
    for (const client of clients) client.socket.terminate()
    expect(inHeads.bytes).toBe(before)
  })
})

describe('streams over many connections', () => {
  test('leave each its share, and everybody the rest again when they have gone', () => {
    const before = inStreams.bytes
    const attackers = Array.from({ length: 300 }, () => http2Client(waiting))
    for (const client of attackers) client.send(Array.from({ length: 100 }, (_, index) => get(id(index))).join(''))
    const late = http2Client(waiting)
    const lines = late.send(Array.from({ length: 6 }, (_, index) => get(id(index))).join(''))
    expect(lines).toEqual(['RST_STREAM 9 REFUSED_STREAM', 'RST_STREAM 11 REFUSED_STREAM'])
    expect(late.requests.length).toBe(4)
    expect(inStreams.bytes - before).toBeLessThanOrEqual((40 + 5) * 1024 * 1024)
    for (const client of attackers) client.socket.terminate()
    expect(late.send(get(13))).toEqual([])
    late.socket.terminate()
    expect(inStreams.bytes).toBe(before)
  })

  test('give way when they wait for their clients, to who has few', () => {
    const answerLong = (stream: ClientStream): void => {
      stream.sendHead(headOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 'length')
      send(stream, 'ok')
      stream.sendEnd(undefined)
    }
    const stalled = Array.from({ length: 150 }, () => http2Client({ onRequest: answerLong }))
    const requests = Array.from({ length: 100 }, (_, index) => get(id(index))).join('')
    for (const client of stalled) client.send(settings([setting.INITIAL_WINDOW_SIZE, 0]) + requests)
    const next = http2Client(waiting)
    const some = (from: number): string => Array.from({ length: 10 }, (_, index) => get(id(from + index))).join('')
    next.send(some(0))
    expect(next.requests.length).toBe(4)
    next.clock.advance(2000)
    next.send(some(10))
    expect(next.requests.length).toBe(14)
    const resets = stalled[0]!.got()
    expect(resets[0]).toBe('RST_STREAM 1 ENHANCE_YOUR_CALM')
    expect(resets.every((line) => line.endsWith(' ENHANCE_YOUR_CALM'))).toBe(true)
    expect(stalled[149]!.got()).toEqual([])
    for (const client of [...stalled, next]) client.socket.terminate()
  })

  test('give way with long heads alone where it is long heads that there is no room for', () => {
    const answerLong = (stream: ClientStream): void => {
      stream.sendHead(headOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 'length')
      send(stream, 'ok')
      stream.sendEnd(undefined)
    }
    const stalled = (): ReturnType<typeof http2Client> => {
      const client = http2Client({ onRequest: answerLong, limits: { ...limits, maxFields: 4096 } })
      client.send(settings([setting.INITIAL_WINDOW_SIZE, 0]))
      return client
    }
    const longBlock = (references: number): string =>
      block(GET) + keptBlock([['x', 'a'.repeat(4000)]]) + '\xbe'.repeat(references)
    const usual = stalled()
    usual.send(get(1))
    const long = stalled()
    long.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, longBlock(3)))
    inHeads.bytes += inHeads.free
    const next = stalled()
    next.clock.advance(2000)
    next.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, longBlock(1)))
    expect([next.requests.length, usual.got(), long.got()]).toEqual([1, [], ['RST_STREAM 1 ENHANCE_YOUR_CALM']])
    for (const client of [usual, long, next]) client.socket.terminate()
  })

  test('with long heads leave those with usual ones alone', () => {
    const greedy = Array.from({ length: 60 }, () => http2Client({ ...waiting, limits: { ...limits, maxFields: 4096 } }))
    for (const client of greedy) {
      client.send(frame(type.HEADERS, END_STREAM | END_HEADERS, 1, block(GET) + keptBlock([['x', 'a'.repeat(4000)]])))
      for (let index = 1; index < 30; index += 1) client.send(bomb(id(index), 12))
    }
    const next = http2Client(waiting)
    next.send(Array.from({ length: 100 }, (_, index) => get(id(index))).join(''))
    expect(next.requests.length).toBe(100)
    for (const client of [...greedy, next]) client.socket.terminate()
  })

  test('of a hundred clients with a hundred requests each are all begun', () => {
    const clients = Array.from({ length: 100 }, () => http2Client(waiting))
    for (const client of clients) client.send(Array.from({ length: 100 }, (_, index) => get(id(index))).join(''))
    expect(clients.map(({ requests }) => requests.length)).toEqual(clients.map(() => 100))
    for (const client of clients) client.socket.terminate()
  })
})

describe('heads in pieces over many connections', () => {
  test('end those beyond what all together may hold', () => {
    const opening = frame(type.HEADERS, 0, 1, block(GET))
    const piece = frame(type.CONTINUATION, 0, 1, 'a'.repeat(16_000))
    const clients = Array.from({ length: 300 }, () => http2Client())
    for (const client of clients) client.send(opening + piece.repeat(2))
    const ended = clients.filter(({ socket }) => socket.hasShut)
    expect(inBlocks.bytes).toBeWithin(7 * 1024 * 1024, 8 * 1024 * 1024 + 1)
    expect(ended.length).toBe(300 - Math.floor((8 * 1024 * 1024) / 32_049))
    expect(ended[0]?.violations).toEqual(['continuation'])
    for (const client of clients) client.socket.terminate()
    expect(inBlocks.bytes).toBe(0)
  })
})
