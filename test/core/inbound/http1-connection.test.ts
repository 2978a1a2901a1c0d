import { describe, expect, test } from 'bun:test'
import type { HalfClose } from '../../../core/inbound/request-handler.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { clientSide, recordRequest, type RecordedRequest } from '../../support/http1-ends.ts'
import { parseResponse } from '../../support/http1-heads.ts'
import { accept, inEvent, receive } from '../../support/memory-socket.ts'
import { turn } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const get = (path = '/', lines = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`
const post = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Answers whole, and tells what was asked. */
function ok(stream: ClientStream): void {
  const { path } = stream.readHead()
  stream.sendHead(parseResponse(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Path: ${path}\r\n\r\n`), 'none')
  stream.sendEnd(undefined)
}

/** A connection whose requests wait for the test to answer them, unless `answers`. */
function connect({ answers = false, halfClose = 'abort' }: { answers?: boolean; halfClose?: HalfClose } = {}) {
  const clock = virtualClock()
  const side = clientSide(
    clock,
    (stream) => {
      if (answers) ok(stream)
      else recordRequest(stream)
    },
    halfClose,
  )
  const socket = accept(side.connection.wire)
  const send = (text: string): void => receive(side.connection.wire, text)
  const end = (): void => inEvent(() => side.connection.wire.peerEnded())
  /** What became of request number `index`. */
  const request = (index = 0): RecordedRequest => side.requests[index]!.sink as RecordedRequest
  const paths = (): string[] => [...socket.sent.matchAll(/X-Path: (\S+)/g)].map(([, path]) => path!)
  return { ...side, clock, socket, send, end, request, paths }
}

describe('a client that asked for a close', () => {
  const closing = 'Connection: close\r\n'
  const withBody = `POST / HTTP/1.1\r\nHost: a\r\n${closing}Content-Length: 2\r\n\r\nab`

  test.each([
    ['at once when it asked for nothing else', [get('/', closing)], 'ended'],
    ['in good order when it sent a body, of which more may come than it said', [withBody], undefined],
    ['in good order when something came behind its request', [get('/', closing), get('/2')], undefined],
  ] as const)('is closed behind %s', (_, texts, state) => {
    const { send, requests, socket } = connect()
    for (const text of texts) send(text)
    requests[0]!.resumeBody('data')
    inEvent(() => ok(requests[0]!))
    expect(socket.sent).toStartWith('HTTP/1.1 200 OK')
    expect([socket.hasShut, socket.closing]).toEqual([true, state])
  })
})

test('a client that asked for a close is closed at once however much it was answered before', () => {
  const { send, socket } = connect({ answers: true })
  for (let count = 0; count < 400; count += 1) send(get())
  expect(socket.sent.length).toBeGreaterThan(16 * 1024)
  send(get('/', 'Connection: close\r\n'))
  expect(socket.closing).toBe('ended')
})

describe('a client that says nothing', () => {
  test('is closed without a word when the head does not begin in time', () => {
    const { clock, socket, log } = connect()
    clock.advance(10_000)
    expect(socket.hasShut).toBe(false)
    clock.advance(400)
    expect([socket.hasShut, socket.sent, log]).toEqual([true, '', []])
  })

  test('has the longer time of a kept-alive connection behind a response', () => {
    const { clock, socket, send } = connect({ answers: true })
    send(get())
    clock.advance(74_000)
    expect(socket.hasShut).toBe(false)
    clock.advance(2000)
    expect(socket.hasShut).toBe(true)
  })

  test('keeps that time when it sends an empty line', () => {
    const { clock, socket, send } = connect({ answers: true })
    send(get())
    send('\r\n')
    clock.advance(60_000)
    expect(socket.hasShut).toBe(false)
    send(get('/2'))
    expect(socket.sent).toContain('X-Path: /2')
  })

  test('in the middle of a head is told 408', () => {
    const { clock, socket, send, log } = connect()
    send('GET / HT')
    clock.advance(10_400)
    expect(socket.sent).toStartWith('HTTP/1.1 408 ')
    expect(log).toEqual(['refused 408'])
  })

  test('in the middle of a body has its exchange told', () => {
    const { clock, send, requests, request } = connect()
    send(post('abc').slice(0, -1))
    requests[0]!.resumeBody('data')
    clock.advance(30_400)
    expect([request().body, request().log]).toEqual(['ab', ['fault 408']])
  })

  test('is waited for no longer than its own: not while nobody takes its body', () => {
    const { clock, send, requests, request } = connect()
    send(post('abc').slice(0, -1))
    clock.advance(300_000)
    requests[0]!.resumeBody('data')
    requests[0]!.pauseBody()
    clock.advance(300_000)
    expect(request().log).toEqual([])
  })
})

describe('pipelined requests', () => {
  test('wait for the response before', () => {
    const { send, requests, paths } = connect()
    send(get('/1') + get('/2') + get('/3'))
    expect(requests).toHaveLength(1)
    inEvent(() => ok(requests[0]!))
    expect(requests).toHaveLength(2)
    inEvent(() => ok(requests[1]!))
    inEvent(() => ok(requests[2]!))
    expect(paths()).toEqual(['/1', '/2', '/3'])
  })

  test('that are answered at once take turns with everybody else', async () => {
    const { send, requests, paths, socket } = connect({ answers: true })
    send(Array.from({ length: 100 }, (_, index) => get(`/${index}`)).join(''))
    expect(requests).toHaveLength(32)
    expect(socket.isPaused).toBe(true)
    for (const count of [64, 96, 100]) {
      await turn()
      expect(requests).toHaveLength(count)
    }
    expect(paths()).toEqual(Array.from({ length: 100 }, (_, index) => `/${index}`))
    expect(socket.isPaused).toBe(false)
  })

  test('take turns by their bytes, too, since long heads cost more', async () => {
    const { send, requests, socket } = connect({ answers: true })
    send(get('/', `X: ${'x'.repeat(40_000)}\r\n`).repeat(6))
    expect(requests).toHaveLength(2)
    expect(socket.isPaused).toBe(true)
    for (const count of [4, 6]) {
      await turn()
      expect(requests).toHaveLength(count)
    }
    expect(socket.isPaused).toBe(false)
  })

  test('are not read on while the client takes no response', async () => {
    const { send, requests, socket, connection, paths } = connect({ answers: true })
    socket.room = 10
    send(get('/1'))
    send(get('/2') + get('/3'))
    await turn()
    expect(requests).toHaveLength(1)
    expect(socket.isPaused).toBe(true)
    socket.room = Infinity
    inEvent(() => connection.wire.drained())
    expect(paths()).toEqual(['/1', '/2', '/3'])
  })

  test('behind one that cannot be read are not read', () => {
    const { send, log, requests, socket } = connect({ answers: true })
    send(get('/1') + 'BAD\r\n\r\n' + get('/2'))
    expect(requests).toHaveLength(1)
    expect(log).toEqual(['refused 400'])
    expect(socket.sent).toContain('HTTP/1.1 400 ')
    send(get('/3'))
    expect(requests).toHaveLength(1)
  })
})

describe('a body', () => {
  test('is held until somebody takes it, and what follows until the response', () => {
    const { send, requests, request, socket } = connect()
    send(post('abc') + get('/2'))
    expect([request().body, socket.isPaused]).toEqual(['', true])
    inEvent(() => requests[0]!.resumeBody('data'))
    expect([request().body, request().log]).toEqual(['abc', ['end']])
    expect(requests).toHaveLength(1)
    inEvent(() => ok(requests[0]!))
    expect(requests).toHaveLength(2)
  })

  test('that breaks the rules is told of once, and nothing is read behind it', () => {
    const { send, requests, request } = connect()
    send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    requests[0]!.resumeBody('data')
    send('zz\r\n')
    expect(request().log).toEqual(['fault 400'])
    inEvent(() => requests[0]!.refuse({ status: 400, detail: 'no' }))
    send(get())
    expect(requests).toHaveLength(1)
  })

  test('that the response does not wait for ends the connection', () => {
    const { send, requests, socket } = connect()
    send(post('abcdef').slice(0, -3))
    inEvent(() => ok(requests[0]!))
    expect(socket.sent).toContain('Connection: close')
    expect(socket.hasShut).toBe(true)
  })
})

describe('a client that leaves', () => {
  test('is told of once to those who wait for it, and to nobody before', () => {
    const { send, requests, connection } = connect()
    const told: string[] = []
    send(get())
    for (const name of ['one', 'other']) requests[0]!.peer.whenGone(() => told.push(name))
    inEvent(() => ok(requests[0]!))
    expect(told).toEqual([])
    inEvent(() => connection.wire.closed(new Error('ECONNRESET')))
    expect(told).toEqual(['one', 'other'])
  })

  test('with a reset has its exchange told once', () => {
    const { send, request, connection, log } = connect()
    send(get())
    inEvent(() => connection.wire.closed(new Error('ECONNRESET')))
    expect([request().log, log]).toEqual([['gone'], ['closed']])
  })

  test('with a FIN while it waits has its exchange told, and is closed', () => {
    const { send, end, request, socket, log } = connect()
    send(get())
    end()
    expect([request().log, socket.closing, log]).toEqual([['gone'], 'ended', ['closed']])
  })

  test.each([
    ['it asked for a close', get('/', 'Connection: close\r\n'), 'abort'],
    ['it speaks HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'abort'],
    ['half-closed clients are to be answered', get(), 'answer'],
  ] as const)('with a FIN is answered when %s', (_, text, halfClose) => {
    const { send, end, request, requests, socket } = connect({ halfClose })
    send(text)
    end()
    expect(request().log).toEqual([])
    inEvent(() => ok(requests[0]!))
    expect(socket.sent).toStartWith('HTTP/1.1 200 OK')
    expect(socket.closing).toBe('ended')
  })

  test('inside its body has its exchange told once the rest has been taken', () => {
    const { send, end, requests, request } = connect()
    send(post('abcdef').slice(0, -3))
    end()
    expect(request().log).toEqual([])
    inEvent(() => requests[0]!.resumeBody('data'))
    expect([request().body, request().log]).toEqual(['abc', ['gone']])
  })

  test('between two requests is closed', () => {
    const { send, end, socket } = connect({ answers: true })
    send(get())
    end()
    expect(socket.closing).toBe('ended')
  })
})

describe('a connection that is to leave', () => {
  test('waits a second for one more request when it is idle', () => {
    const { send, connection, clock, socket } = connect({ answers: true })
    send(get())
    connection.letGo()
    clock.advance(900)
    expect(socket.hasShut).toBe(false)
    clock.advance(300)
    expect(socket.hasShut).toBe(true)
  })

  test('answers the one more request, and says that it closes', () => {
    const { send, connection, socket } = connect({ answers: true })
    send(get())
    connection.letGo()
    send(get())
    expect(socket.sent).toContain('Connection: close')
    expect(socket.hasShut).toBe(true)
  })

  test('still answers the first request of a client that has just come in', () => {
    const { send, connection, socket } = connect({ answers: true })
    connection.letGo()
    expect(socket.hasShut).toBe(false)
    send(get())
    expect(socket.sent).toContain('Connection: close')
    expect(socket.hasShut).toBe(true)
  })

  test('is cut when its client takes no bytes', () => {
    const { send, clock, socket } = connect({ answers: true })
    socket.room = 3
    send(get())
    clock.advance(30_400)
    expect(socket.closing).toBe('reset')
  })
})

describe('an upgrade', () => {
  test('gives the wire away with what has come behind the request', () => {
    const { send, requests, connection, socket } = connect()
    send(`${get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n')}early`)
    const given = requests[0]!.handOver(parseResponse('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n'))
    expect(given.early?.toString()).toBe('early')
    expect([connection.isTunnel, socket.isPaused]).toEqual([true, false])
    expect(socket.sent).toStartWith('HTTP/1.1 101 ')
  })
})
