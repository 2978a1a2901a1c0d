/** core/outbound/negotiated-pool.ts without sockets: the test says how each handshake ends, and plays the backend in bytes. */
import { describe, expect, test } from 'bun:test'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { PREFACE } from '../../../core/http2/frames.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import { EITHER } from '../../../core/net/alpn.ts'
import { DescriptorBudget } from '../../../core/net/budget.ts'
import type { Opening, Protocol } from '../../../core/net/opening.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import type { ConnectionPolicy } from '../../../core/outbound/backend-connections.ts'
import { handshakesFor, NegotiatedPool } from '../../../core/outbound/negotiated-pool.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../../../core/stream/backend-stream.ts'
import { fail } from '../../support/fail.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { backendTimeouts, plainRewrite, RecordedResponse } from '../../support/http1-ends.ts'
import { END_HEADERS, END_STREAM, FrameLog, goAway, headers, settings } from '../../support/http2.ts'
import { inEvent, MemorySocket, receive } from '../../support/memory-socket.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const REFUSED = { isLocal: false, code: 'ECONNREFUSED', detail: 'ECONNREFUSED' }

/** One request: which stream it is on by now, and what has come of it. */
class Asking extends RecordedResponse {
  stream: BackendStream | undefined = undefined

  override onMoved(stream?: BackendStream): void {
    this.stream = stream
  }
}

interface Handshake {
  readonly wire: Wire
  readonly opening: Opening | undefined
  readonly socket: MemorySocket
  /** It has been given up. */
  isGivenUp: boolean
}

function makePool(policy: Partial<ConnectionPolicy> = {}, descriptors = 1_000_000) {
  const clock = virtualClock()
  const handshakes: Handshake[] = []
  const rooms: boolean[] = []
  const turns = new Set<{ onTurn(): void }>()
  const counters = { connections: 0, bytesToBackend: 0, bytesFromBackend: 0 }
  const budget = new DescriptorBudget({ limit: descriptors, free: () => undefined, clock, onShortage() {} })
  const full: ConnectionPolicy = {
    limits,
    timeouts: backendTimeouts,
    maxIdleConnections: 256,
    maxConnections: undefined,
    protocol: 'auto',
    ...policy,
  }
  const pool: NegotiatedPool = new NegotiatedPool(
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      head: new ResponseHead(MAX_FIELDS),
      wheel: new TimerWheel(clock, fail),
      counters,
      dial(_, wire, _timeoutMs, opening) {
        const handshake: Handshake = { wire, opening, socket: new MemorySocket(wire), isGivenUp: false }
        wire.connecting = () => void (handshake.isGivenUp = true)
        handshakes.push(handshake)
      },
      names: createNameTable(clock, fail),
      budget,
      onRoomChange: () => rooms.push(pool.hasRoom),
      turns: { wait: (turn) => void turns.add(turn) },
    },
    full,
  )
  const parser = new RequestHead(MAX_FIELDS)

  function settle(): void {
    while (turns.size > 0) {
      const due = [...turns]
      turns.clear()
      for (const turn of due) inEvent(() => turn.onTurn())
    }
  }

  function send(stream: BackendStream, request: string): void {
    const bytes = bytesOf(request)
    inEvent(() => {
      parser.parse(bytes, 0, bytes.length, limits)
      stream.sendHead(parser, plainRewrite, 'data')
      if (!parser.fields.isChunked && parser.fields.contentLength <= 0) stream.sendEnd(undefined)
    })
  }

  function ask(choice: StreamChoice = 'any', { source = pool as StreamSource, request = GET } = {}): Asking {
    const stream = source.open(choice)
    if (stream === undefined) throw new Error('there is no room')
    const asking = new Asking()
    asking.stream = stream
    asking.onReady = () => send(asking.stream!, request)
    stream.sink = asking
    if (stream.isReused) send(stream, request)
    settle()
    return asking
  }

  /** The handshake of that number is over, and the backend has picked that. */
  function agree(index: number, protocol: Protocol | undefined): void {
    const { wire, socket } = handshakes[index]!
    inEvent(() => wire.opened(socket, protocol))
    settle()
    if (protocol === 'h2') receive(wire, settings())
    settle()
  }

  function refuse(index: number, failure = REFUSED): void {
    inEvent(() => handshakes[index]!.wire.connectFailed(failure))
    settle()
  }

  function say(index: number, text: string): void {
    receive(handshakes[index]!.wire, text)
    settle()
  }

  const answer = (index: number): void => say(index, OK)
  const ended = (index: number, id: number): void =>
    say(index, headers(id, [[':status', '200']], END_HEADERS | END_STREAM))
  /** How many requests have gone out over each. */
  const sent = (): number[] => handshakes.map(({ socket }) => socket.sent.split('GET / HTTP/1.1').length - 1)
  /** Lines of what an HTTP/2 connection was sent. */
  const lines = (index: number): string[] => new FrameLog().read(handshakes[index]!.socket.sent.slice(PREFACE.length))
  const update = (changes: Partial<ConnectionPolicy>): void => {
    pool.update({ ...full, ...changes })
    settle()
  }
  return {
    clock,
    pool,
    handshakes,
    rooms,
    counters,
    ask,
    agree,
    refuse,
    say,
    answer,
    ended,
    sent,
    lines,
    settle,
    update,
  }
}

const times = (count: number): undefined[] => Array.from({ length: count }, () => undefined)
const headersIn = (lines: readonly string[]): number => lines.filter((line) => line.startsWith('HEADERS')).length

describe('how many handshakes are under way', () => {
  test.each([
    [0, undefined, 0],
    [1, undefined, 1],
    [4, undefined, 4],
    [1000, undefined, 4],
    [0, 'h2', 0],
    [100, 'h2', 1],
    [101, 'h2', 2],
    [0, 'http/1.1', 0],
    [1000, 'http/1.1', 1000],
  ] as const)('while %p wait, of a backend known for %p', (waiting, known, expected) => {
    expect(handshakesFor(waiting, known)).toBe(expected)
  })
})

describe('a backend of which nothing is known', () => {
  test('is offered both, and spoken to as it picks over that very connection', () => {
    const one = makePool()
    const [first, second] = [one.ask(), one.ask()]
    expect(one.handshakes.map(({ opening }) => opening?.offers)).toEqual([EITHER, EITHER])
    one.agree(1, 'http/1.1')
    one.agree(0, 'http/1.1')
    expect([one.sent(), first.log, second.log]).toEqual([[1, 1], ['connected'], ['connected']])
    one.answer(1)
    expect(first.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('that picks nothing speaks HTTP/1.1', () => {
    const one = makePool()
    one.ask()
    one.agree(0, undefined)
    expect(one.sent()).toEqual([1])
  })

  test('gets all requests over the first connection that is HTTP/2, and no other is opened', () => {
    const one = makePool()
    const all = times(50).map(() => one.ask())
    expect(one.handshakes).toHaveLength(4)
    one.agree(2, 'h2')
    expect(headersIn(one.lines(2))).toBe(50)
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, true, false, true])
    expect([one.pool.size, one.counters.connections]).toEqual([1, 1])
    one.ended(2, 99)
    expect(all.at(-1)!.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('gets a connection for each at once where the first turns out to be HTTP/1.1', () => {
    const one = makePool()
    times(50).forEach(() => one.ask())
    one.agree(0, 'http/1.1')
    // One has been sent, three handshakes go on, and those for all others begin.
    expect([one.handshakes.length, one.sent()[0]]).toEqual([50, 1])
    for (let index = 1; index < 50; index += 1) one.agree(index, 'http/1.1')
    expect(one.sent()).toEqual(times(50).map(() => 1))
  })

  test('that refuses fails everybody who waits, each handshake its part', () => {
    const one = makePool()
    const all = times(10).map(() => one.ask())
    const failed = (): number => all.filter(({ log }) => log.length > 0).length
    const counts = [0, 1, 2, 3].map((index) => {
      one.refuse(index)
      return failed()
    })
    expect(counts).toEqual([3, 6, 8, 10])
    expect(all[0]!.log).toEqual(['connect: ECONNREFUSED'])
    expect([one.handshakes.length, one.pool.size, one.counters.connections]).toEqual([4, 0, 0])
  })

  test('holds nobody up whose other handshakes go on', () => {
    const one = makePool()
    const all = times(8).map(() => one.ask())
    one.refuse(0)
    one.agree(1, 'h2')
    expect(all.map(({ log }) => log[0])).toEqual([
      ...times(2).map(() => 'connect: ECONNREFUSED'),
      ...times(6).map(() => 'connected'),
    ])
  })
})

describe('a backend that was known', () => {
  /** Of which nothing is open any more. */
  function knownFor(protocol: Protocol, policy?: Partial<ConnectionPolicy>) {
    const one = makePool(policy)
    one.ask()
    one.agree(0, protocol)
    if (protocol === 'h2') {
      one.ended(0, 1)
      one.say(0, goAway(1))
    } else one.answer(0)
    one.clock.advance(backendTimeouts.keepAliveMs + 400)
    expect(one.pool.size).toBe(0)
    return one
  }

  test('for HTTP/2 gets one handshake for a hundred, and for HTTP/1.1 one for each', () => {
    const [two, one] = [knownFor('h2'), knownFor('http/1.1')]
    times(101).forEach(() => [two.ask(), one.ask()])
    expect([two.handshakes.length - 1, one.handshakes.length - 1]).toEqual([2, 101])
  })

  test('for HTTP/2 and is another’s now serves all in HTTP/1.1, and the other way', () => {
    const two = knownFor('h2')
    times(20).forEach(() => two.ask())
    two.agree(1, 'http/1.1')
    for (let index = 2; index < 21; index += 1) two.agree(index, 'http/1.1')
    expect(two.sent().slice(1)).toEqual(times(20).map(() => 1))
    const one = knownFor('http/1.1')
    times(20).forEach(() => one.ask())
    one.agree(1, 'h2')
    expect(headersIn(one.lines(1))).toBe(20)
  })

  test('and picks now this, now that, serves over both kinds', () => {
    const one = makePool()
    one.ask()
    one.agree(0, 'http/1.1')
    one.ask()
    one.agree(1, 'h2')
    one.answer(0)
    one.ended(1, 1)
    one.ask()
    expect([headersIn(one.lines(1)), one.handshakes.length]).toEqual([2, 2])
  })

  test('for HTTP/2 lets those wait for whom the cap has no connection, and serves them as others end', () => {
    const one = knownFor('h2', { maxConnections: 2 })
    const all = times(5).map(() => one.ask())
    one.agree(1, 'http/1.1')
    one.agree(2, 'http/1.1')
    expect([one.handshakes.length, one.sent().slice(1)]).toEqual([3, [1, 1]])
    expect(one.pool.hasRoom).toBeFalse()
    for (const index of [1, 2, 1]) one.answer(index)
    expect(all.map(({ log }) => log[0])).toEqual(times(5).map(() => 'connected'))
    expect(one.handshakes).toHaveLength(3)
  })

  test('for HTTP/2 lets nobody wait for longer than two handshakes may take', () => {
    const one = knownFor('h2', { maxConnections: 1 })
    const all = times(2).map(() => one.ask())
    one.agree(1, 'http/1.1')
    one.clock.advance(2 * backendTimeouts.connectMs + 400)
    expect(all.map(({ log }) => log)).toEqual([
      ['connected'],
      [`connect: no connection within ${2 * backendTimeouts.connectMs} ms`],
    ])
  })
})

describe('a cap on connections', () => {
  test('bounds those who wait, as long as each might need one of its own', () => {
    const one = makePool({ maxConnections: 3 })
    times(3).forEach(() => one.ask())
    expect([one.pool.hasRoom, one.pool.open('any'), one.handshakes.length]).toEqual([false, undefined, 3])
    one.agree(0, 'h2')
    expect(one.pool.hasRoom).toBeTrue()
    expect(one.rooms).toEqual([false, true])
  })

  test('is one for both kinds, and frees its place with either', () => {
    const one = makePool({ maxConnections: 2 })
    one.ask()
    one.agree(0, 'h2')
    one.ask('any', { source: one.pool.forUpgrades })
    one.agree(1, 'http/1.1')
    expect(one.pool.open('fresh')).toBeUndefined()
    one.say(1, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    one.clock.advance(3000)
    expect(one.pool.open('fresh')).toBeDefined()
  })
})

describe('an upgrade', () => {
  test('goes over a connection for which HTTP/1.1 alone is offered, whatever is open', () => {
    const one = makePool()
    one.ask()
    one.agree(0, 'h2')
    const upgrade = one.ask('any', { source: one.pool.forUpgrades })
    expect(one.handshakes[1]!.opening?.offers).toEqual(['http/1.1'])
    one.agree(1, 'http/1.1')
    expect([upgrade.log, one.sent()]).toEqual([['connected'], [0, 1]])
    // Nothing has been learned by it.
    one.say(0, goAway(1))
    one.ended(0, 1)
    times(20).forEach(() => one.ask('fresh'))
    expect(one.handshakes).toHaveLength(22)
  })

  test('takes one of HTTP/1.1 that is idle', () => {
    const one = makePool()
    one.ask()
    one.agree(0, 'http/1.1')
    one.answer(0)
    one.ask('any', { source: one.pool.forUpgrades })
    expect([one.handshakes.length, one.sent()]).toEqual([1, [2]])
  })

  test('that is refused the handshake is alone in that', () => {
    const one = makePool()
    const [plain, upgrade] = [one.ask(), one.ask('any', { source: one.pool.forUpgrades })]
    one.refuse(1)
    expect([plain.log, upgrade.log]).toEqual([[], ['connect: ECONNREFUSED']])
  })
})

describe('who wants a fresh connection', () => {
  test.each(['h2', 'http/1.1'] as const)('gets it, %s', (protocol) => {
    const one = makePool()
    one.ask()
    one.agree(0, protocol)
    if (protocol === 'h2') one.ended(0, 1)
    else one.answer(0)
    const fresh = one.ask('fresh')
    one.agree(1, protocol)
    expect(fresh.log).toEqual(['connected'])
    expect(fresh.stream!.isReused).toBeFalse()
    expect(protocol === 'h2' ? headersIn(one.lines(1)) : one.sent()[1]).toBe(1)
  })
})

describe('who leaves', () => {
  test('before there is a connection ends its handshake', () => {
    const one = makePool()
    const [first, fresh] = [one.ask(), one.ask('fresh')]
    inEvent(() => first.stream!.abort())
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, false])
    inEvent(() => fresh.stream!.abort())
    expect([one.handshakes[1]!.isGivenUp, one.pool.size, one.counters.connections]).toEqual([true, 0, 0])
  })

  test('among others ends none that they wait for', () => {
    const one = makePool()
    const all = times(9).map(() => one.ask())
    for (const { stream } of all.slice(0, 5)) inEvent(() => stream!.abort())
    expect(one.handshakes.filter(({ isGivenUp }) => isGivenUp)).toHaveLength(0)
    inEvent(() => all[5]!.stream!.abort())
    expect(one.handshakes.filter(({ isGivenUp }) => isGivenUp)).toHaveLength(1)
  })

  test('and comes too late leaves a connection that is kept', () => {
    const one = makePool()
    one.ask()
    one.agree(0, 'http/1.1')
    times(2).forEach(() => one.ask())
    // The first takes what has been freed; its own handshake goes on, and serves the next.
    one.answer(0)
    one.agree(1, 'http/1.1')
    one.agree(2, 'http/1.1')
    const late = one.ask()
    expect([one.sent(), one.handshakes.length, late.stream!.isReused]).toEqual([[2, 1, 1], 3, true])
    one.answer(2)
    one.clock.advance(backendTimeouts.keepAliveMs + 400)
    expect(one.pool.size).toBe(2)
  })
})

describe('what may change meanwhile', () => {
  const tls = { context: {}, serverName: undefined, verifies: true } as Opening['tls']

  test('how connections begin: who waits gets one that began as it is now', () => {
    const one = makePool({ manner: { tls } })
    const waiting = one.ask()
    const manner = { tls: { ...tls! } }
    one.update({ manner })
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, false])
    expect(one.handshakes[1]!.opening?.tls).toBe(manner.tls)
    one.agree(1, 'h2')
    expect(waiting.log).toEqual(['connected'])
  })

  test.each(['h2', 'http/1.1'] as const)('a connection in %s that began otherwise serves nobody else', (protocol) => {
    const one = makePool({ manner: { tls } })
    one.ask()
    one.agree(0, protocol)
    one.update({ manner: { tls: { ...tls! } } })
    if (protocol === 'h2') one.ended(0, 1)
    else one.answer(0)
    expect([one.pool.size, one.handshakes[0]!.socket.hasShut]).toEqual([0, true])
    one.ask()
    expect(one.handshakes).toHaveLength(2)
  })

  test('where the backend is drained nothing is kept, and who waits is served', () => {
    const one = makePool()
    const [first, second] = [one.ask(), one.ask()]
    one.pool.keepIdle(false)
    one.agree(0, 'http/1.1')
    one.agree(1, 'http/1.1')
    one.answer(0)
    one.answer(1)
    expect([first.log.at(-1), second.log.at(-1), one.pool.size]).toEqual(['end', 'end', 0])
  })

  test('where it is gone everything is cut, and counted', () => {
    const one = makePool()
    const sinks = [one.ask(), one.ask('fresh')]
    one.agree(0, 'http/1.1')
    sinks.push(...times(6).map(() => one.ask()))
    expect(one.pool.cut()).toBe(8)
    expect(sinks.map(({ log }) => log.at(-1)!.split(':')[0])).toEqual(times(8).map(() => 'reset'))
    expect([one.pool.size, one.counters.connections]).toEqual([0, 0])
    expect(one.handshakes.slice(1).every(({ isGivenUp }) => isGivenUp)).toBeTrue()
  })
})

test('without a descriptor nobody waits, and who has waited is told that it is for want of ours', () => {
  const descriptors = 72
  const one = makePool({}, descriptors)
  // 32 of 72 are for traffic.
  const all = times(40).map(() => one.ask())
  one.agree(0, 'http/1.1')
  for (let index = 1; index < 4; index += 1) one.agree(index, 'http/1.1')
  for (let index = 4; index < one.handshakes.length; index += 1) one.agree(index, 'http/1.1')
  const failed = all.filter(({ log }) => log[0]?.startsWith('local: no descriptor is free'))
  expect([one.handshakes.length, failed.length]).toEqual([32, 8])
  expect(one.pool.open('any')).toBeUndefined()
})

test('chunked bodies are sent in one form, whatever the backend picks', () => {
  const request = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const bytes = Buffer.from('hello')
  const one = makePool()
  const asking = one.ask('any', { request })
  one.agree(0, 'http/1.1')
  expect(asking.stream!.bodyForm).toBe('data')
  inEvent(() => {
    asking.stream!.sendBody(bytes, 0, 5)
    asking.stream!.sendBody(bytes, 2, 2)
    asking.stream!.sendEnd(undefined)
  })
  expect(one.handshakes[0]!.socket.sent).toEndWith('\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
})
