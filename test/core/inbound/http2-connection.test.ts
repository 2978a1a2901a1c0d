import { describe, expect, test } from 'bun:test'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { recordRequest } from '../../support/http1-ends.ts'
import { parseResponse } from '../../support/http1-heads.ts'
import {
  block,
  data,
  frame,
  GET,
  get,
  goAway,
  headers,
  HELLO,
  ping,
  post,
  PREFACE,
  reset,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { answerOk, type Http2Client, http2Client, type Http2ClientOptions } from '../../support/http2-client.ts'
import { inEvent } from '../../support/memory-socket.ts'
import * as type from '../../../core/http2/frames.ts'
import { inLine, LINE_SHARE } from '../../../core/http2/memory.ts'

const OK = (id: number): string[] => [`HEADERS ${id} :status=200 date=now content-length=2`, `DATA ${id} end ok`]
const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }

/** Answers request number `index`. */
function answer(client: Http2Client, index: number): string[] {
  inEvent(() => answerOk(client.requests[index] as ClientStream))
  return client.got()
}

describe('a connection begins', () => {
  test('with what a server says, once its client has begun', () => {
    const client = http2Client({ isSilent: true })
    expect(client.got()).toEqual([])
    expect(client.send(HELLO)).toEqual(['SETTINGS', 'WINDOW_UPDATE 0 +983041', 'SETTINGS ack'])
  })

  test.each([
    ['nothing', ''],
    ['half a preface', PREFACE.slice(0, 10)],
    ['a preface alone', PREFACE],
    ['half of its SETTINGS', PREFACE + settings([3, 100]).slice(0, 12)],
  ])('in time or not at all: %s', (_, text) => {
    const client = http2Client({ isSilent: true })
    client.send(text)
    client.clock.advance(9900)
    expect(client.socket.hasShut).toBe(false)
    client.clock.advance(500)
    expect(client.socket.hasShut).toBe(true)
    expect(client.got().at(-1)).toBe('GOAWAY 0 SETTINGS_TIMEOUT')
  })

  test('and must end a field block in time, whatever of it comes', () => {
    const client = http2Client()
    client.send(frame(type.HEADERS, 0, 1, block(GET).slice(0, 5)))
    client.clock.advance(9000)
    client.send(frame(type.CONTINUATION, 0, 1, block(GET).slice(5, 6)))
    client.clock.advance(1500)
    expect(client.got()).toEqual(['GOAWAY 0 ENHANCE_YOUR_CALM'])
  })
})

test('a request of HTTP/1 is told in its own words that it is none', () => {
  const client = http2Client({ isSilent: true })
  inEvent(() => client.connection.wire.received(bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n')))
  expect(client.socket.sent).toStartWith('HTTP/1.1 505 HTTP Version Not Supported\r\n')
  expect(client.socket.sent).toEndWith('505 HTTP Version Not Supported: only HTTP/2 is spoken here\n')
  expect([client.socket.hasShut, client.violations]).toEqual([true, ['connection-error']])
})

describe('a connection that is idle', () => {
  test('waits for as long as one that is kept alive, and is closed with a word', () => {
    const client = http2Client()
    client.send(get(1))
    client.clock.advance(74_000)
    expect(client.socket.hasShut).toBe(false)
    client.clock.advance(2000)
    expect([client.got(), client.socket.hasShut]).toEqual([['GOAWAY 1 NO_ERROR'], true])
  })

  test('begins to wait anew with each request, also with one that is answered at once', () => {
    const client = http2Client()
    client.send(get(1))
    client.clock.advance(60_000)
    client.send(get(3))
    client.clock.advance(60_000)
    expect(client.socket.hasShut).toBe(false)
  })

  test('is not kept by PING', () => {
    const client = http2Client()
    for (let second = 0; second < 76; second += 1) {
      client.send(ping())
      client.clock.advance(1000)
    }
    expect(client.socket.hasShut).toBe(true)
  })

  test('is one of those that give way, and is none while a request is under way', () => {
    const client = http2Client(waiting)
    expect(client.idle.size).toBe(1)
    client.send(get(1))
    expect(client.idle.size).toBe(0)
    answer(client, 0)
    expect(client.idle.size).toBe(1)
    client.clock.advance(300)
    expect(client.idle.first?.owner.mayGo).toBe(true)
    inEvent(() => client.idle.first?.owner.discard())
    expect([client.got(), client.socket.isOpen, client.log]).toEqual([['GOAWAY 1 NO_ERROR'], false, ['closed']])
  })

  test('gives way in the middle of a first field block, too, a second after that began', () => {
    const client = http2Client()
    client.send(headers(1, GET, 0))
    client.clock.advance(900)
    expect(client.idle.first?.owner.mayGo).toBe(false)
    client.clock.advance(200)
    expect(client.idle.first?.owner.mayGo).toBe(true)
  })

  test('stays for as long as a request is under way, however long that takes', () => {
    const client = http2Client(waiting)
    client.send(get(1))
    client.clock.advance(3_600_000)
    expect(answer(client, 0)).toEqual(OK(1))
  })
})

describe('a connection that is to leave', () => {
  test('says so twice, and answers what came before the second time', () => {
    const client = http2Client(waiting)
    client.send(get(1))
    client.connection.letGo()
    expect(client.got()).toEqual(['GOAWAY 2147483647 NO_ERROR', 'PING drain-go'])
    client.send(get(3))
    expect(client.send(ping('drain-go', type.FLAG_ACK))).toEqual(['GOAWAY 3 NO_ERROR'])
    expect(client.send(get(5))).toEqual(['RST_STREAM 5 REFUSED_STREAM'])
    expect(answer(client, 0)).toEqual(OK(1))
    expect(client.socket.hasShut).toBe(false)
    expect(answer(client, 1)).toEqual([...OK(3), 'GOAWAY 5 NO_ERROR'])
    expect(client.socket.hasShut).toBe(true)
  })

  test('waits no longer than a second for a client that does not answer', () => {
    const client = http2Client()
    client.connection.letGo()
    client.got()
    client.clock.advance(900)
    expect(client.socket.hasShut).toBe(false)
    client.clock.advance(500)
    expect([client.got(), client.socket.hasShut]).toEqual([['GOAWAY 0 NO_ERROR', 'GOAWAY 0 NO_ERROR'], true])
  })

  test('says it to a client that has not begun, once that begins', () => {
    const client = http2Client({ isSilent: true })
    client.connection.letGo()
    expect(client.got()).toEqual([])
    expect(client.send(HELLO + get(1))).toEqual([
      'SETTINGS',
      'WINDOW_UPDATE 0 +983041',
      'GOAWAY 2147483647 NO_ERROR',
      'PING drain-go',
      'SETTINGS ack',
      ...OK(1),
    ])
  })

  test('goes behind its response when others wait to be let in', () => {
    const client = http2Client()
    client.crowd.note()
    expect(client.send(get(1))).toEqual([...OK(1), 'GOAWAY 2147483647 NO_ERROR', 'PING drain-go'])
    client.crowd.end()
  })
})

describe('a client that leaves', () => {
  test.each([
    ['by a reset', (client: Http2Client) => client.socket.terminate()],
    ['by its end', (client: Http2Client) => client.connection.wire.peerEnded()],
  ])('%s is told to whoever answers it', (_, leave) => {
    const client = http2Client(waiting)
    client.send(get(1) + post(3))
    inEvent(() => leave(client))
    expect(client.requests.map(({ sink }) => (sink as unknown as { log: string[] }).log)).toEqual([['gone'], ['gone']])
  })

  test('by GOAWAY has its answers first', () => {
    const client = http2Client(waiting)
    client.send(get(1) + goAway(0))
    expect(answer(client, 0)).toEqual([...OK(1), 'GOAWAY 1 NO_ERROR'])
    expect(client.socket.hasShut).toBe(true)
  })

  test('only with its side is answered where that is asked for', () => {
    const client = http2Client({ ...waiting, halfClose: 'answer' })
    client.send(get(1))
    inEvent(() => client.connection.wire.peerEnded())
    expect(client.socket.isOpen).toBe(true)
    expect(answer(client, 0)).toEqual([...OK(1), 'GOAWAY 1 NO_ERROR'])
  })

  test('leaves nothing behind', () => {
    const client = http2Client(waiting)
    client.send(get(1))
    expect(client.handler.counters.http2Connections).toBe(1)
    client.socket.terminate()
    expect([client.handler.counters.http2Connections, client.idle.size, client.log]).toEqual([0, 0, ['closed']])
    client.clock.advance(200_000)
    expect(client.clock.pending()).toBe(0)
  })
})

test('what is read in one turn is 32 requests, and the rest in the next', () => {
  const client = http2Client({ onRequest: answerOk })
  const many = Array.from({ length: 80 }, (_, index) => get(2 * index + 1)).join('')
  inEvent(() => client.connection.wire.received(bytesOf(many)))
  expect([client.requests.length, client.socket.isPaused]).toEqual([32, true])
  client.got()
  expect([client.requests.length, client.socket.isPaused]).toEqual([80, false])
})

describe('beside others who wait for their turn', () => {
  const many = (from: number, count: number): string =>
    Array.from({ length: count }, (_, index) => get(2 * (from + index) + 1)).join('')
  const receive = (client: Http2Client, text: string): void =>
    inEvent(() => client.connection.wire.received(bytesOf(text)))

  test('two requests are read at once', () => {
    const client = http2Client()
    client.turns.isBusy = true
    receive(client, many(0, 2))
    expect([client.requests.length, client.socket.isPaused, client.socket.readsLittle]).toEqual([2, false, false])
    receive(client, many(2, 3))
    expect([client.requests.length, client.socket.isPaused, inLine.bytes]).toEqual([4, true, get(9).length])
    expect(client.socket.readsLittle).toBe(true)
    client.got()
    expect([client.requests.length, client.socket.isPaused, inLine.bytes]).toEqual([5, false, 0])
  })

  test('what comes at once behind a turn waits for the next, all of it', () => {
    const client = http2Client()
    client.turns.isBusy = true
    receive(client, many(0, 3))
    client.got()
    receive(client, get(7))
    expect([client.requests.length, client.socket.isPaused]).toEqual([3, true])
    client.got()
    client.turns.rounds += 1
    receive(client, get(9))
    expect([client.requests.length, client.socket.isPaused]).toEqual([5, false])
  })

  test.each([
    { told: 'who has had answers to more than it asks for now', onRequest: answerOk, isKnown: true },
    { told: 'who has had none', onRequest: waiting.onRequest, isKnown: false },
  ])('$told waits as somebody who is known: $isKnown', ({ onRequest, isKnown }) => {
    const client = http2Client({ ...(onRequest && { onRequest }) })
    client.turns.isBusy = true
    receive(client, many(0, 3))
    expect(client.turns.known).toEqual([isKnown])
  })

  test('who takes requests back is no longer known', () => {
    const client = http2Client({ onRequest: (stream) => void (client.requests.length > 4 || answerOk(stream)) })
    client.turns.isBusy = true
    for (const id of [1, 3, 5, 7]) client.send(get(id))
    client.send(get(9) + reset(9))
    client.turns.rounds += 1
    receive(client, many(5, 3))
    expect(client.turns.known.at(-1)).toBe(false)
  })

  test('of what may not wait any more a few KiB still may', () => {
    const [one, other] = [http2Client(), http2Client()]
    const before = inLine.bytes
    inLine.bytes += inLine.free
    for (const client of [one, other]) client.turns.isBusy = true
    const count = Math.floor(LINE_SHARE / get(1).length)
    receive(one, many(0, count + 20))
    expect([one.requests.length, one.socket.isPaused]).toEqual([20, true])
    receive(other, many(0, count))
    expect(other.requests.length).toBe(2)
    for (const client of [one, other]) client.got()
    inLine.bytes = before
  })
})

test('100 streams are answered in whatever order their answers come', () => {
  const client = http2Client(waiting)
  client.send(Array.from({ length: 100 }, (_, index) => get(2 * index + 1)).join(''))
  const order = Array.from({ length: 100 }, (_, index) => (index * 37) % 100)
  for (const index of order) expect(answer(client, index)).toEqual(OK(2 * index + 1))
})

test('a response larger than all windows passes as they grow', () => {
  const client = http2Client(waiting)
  client.send(get(1))
  const body = Buffer.alloc(200_000, 'x')
  inEvent(() => {
    const stream = client.requests[0] as ClientStream
    stream.sendHead(parseResponse('HTTP/1.1 200 OK\r\nDate: now\r\n\r\n'), 'chunked')
    stream.sendBody(body, 0, body.length)
    stream.sendEnd(undefined)
  })
  let passed = 0
  let lines = client.got()
  for (let rounds = 0; rounds < 20 && !lines.at(-1)?.includes('end'); rounds += 1) {
    passed += lines.reduce((sum, line) => sum + Number(/\((\d+)\)/.exec(line)?.[1] ?? 0), 0)
    lines = client.send(windowUpdate(1, 30_000) + windowUpdate(0, 30_000))
  }
  passed += lines.reduce((sum, line) => sum + Number(/\((\d+)\)/.exec(line)?.[1] ?? 0), 0)
  expect([passed, lines.at(-1)?.slice(0, 10)]).toEqual([200_000, 'DATA 1 end'])
})

test('content that comes for a stream that we reset is not lost from the window of the connection', () => {
  const client = http2Client()
  const lines: string[] = []
  for (let id = 1; id < 90; id += 2) lines.push(...client.send(post(id) + data(id, 'a'.repeat(16_384))))
  expect(lines.filter((line) => line.startsWith('WINDOW_UPDATE'))).toEqual(['WINDOW_UPDATE 0 +524288'])
})
