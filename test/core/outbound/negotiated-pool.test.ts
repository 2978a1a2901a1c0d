import { describe, expect, test } from 'bun:test'
import { EITHER } from '../../../core/net/alpn.ts'
import type { Protocol } from '../../../core/net/opening.ts'
import type { ConnectionPolicy } from '../../../core/outbound/backend-connections.ts'
import { handshakesFor } from '../../../core/outbound/negotiated-pool.ts'
import { backendTimeouts } from '../../support/http1-ends.ts'
import { goAway } from '../../support/http2.ts'
import { inEvent } from '../../support/memory-socket.ts'
import { negotiatedPool } from '../../support/negotiated-pool.ts'

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

test('one takes as many as the backend says', () => {
  expect([8, 9, 100].map((waiting) => handshakesFor(waiting, 'h2', 8))).toEqual([1, 2, 13])
})

describe('a backend of which nothing is known', () => {
  test('is offered both, and spoken to as it picks over that very connection', () => {
    const one = negotiatedPool()
    const [first, second] = [one.ask(), one.ask()]
    expect(one.handshakes.map(({ opening }) => opening?.offers)).toEqual([EITHER, EITHER])
    one.agree(1, 'http/1.1')
    one.agree(0, 'http/1.1')
    expect([one.sent(), first.log, second.log]).toEqual([[1, 1], ['connected'], ['connected']])
    one.answer(1)
    expect(first.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('that picks nothing speaks HTTP/1.1', () => {
    const one = negotiatedPool()
    one.ask()
    one.agree(0, undefined)
    expect(one.sent()).toEqual([1])
  })

  test('gets all requests over the first connection that is HTTP/2, and no other is opened', () => {
    const one = negotiatedPool()
    const all = times(50).map(() => one.ask())
    expect(one.handshakes).toHaveLength(4)
    one.agree(2, 'h2')
    expect(headersIn(one.lines(2))).toBe(50)
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, true, false, true])
    expect(one.counters).toMatchObject({ connections: 1, http2Connections: 1 })
    one.ended(2, 99)
    expect(all.at(-1)!.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('gets no more over that one than it says it takes, and others for the rest', () => {
    const one = negotiatedPool()
    const all = times(20).map(() => one.ask())
    one.agree(0, 'h2', [3, 8])
    expect([headersIn(one.lines(0)), one.handshakes.length]).toEqual([8, 6])
    one.agree(4, 'h2', [3, 8])
    one.agree(5, 'h2', [3, 8])
    expect([headersIn(one.lines(4)), headersIn(one.lines(5))]).toEqual([8, 4])
    one.ended(5, 7)
    expect(all.at(-1)!.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('gets a connection for each at once where the first turns out to be HTTP/1.1', () => {
    const one = negotiatedPool()
    times(50).forEach(() => one.ask())
    one.agree(0, 'http/1.1')
    // One has been sent, three handshakes go on, and those for all others begin.
    expect([one.handshakes.length, one.sent()[0]]).toEqual([50, 1])
    for (let index = 1; index < 50; index += 1) one.agree(index, 'http/1.1')
    expect(one.sent()).toEqual(times(50).map(() => 1))
  })

  test('that refuses fails everybody who waits, each handshake its part', () => {
    const one = negotiatedPool()
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
    const one = negotiatedPool()
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
    const one = negotiatedPool(policy)
    one.ask()
    one.agree(0, protocol)
    if (protocol === 'h2') {
      one.ended(0, 1)
      one.say(0, goAway(1))
    } else one.answer(0)
    one.clock.advance(backendTimeouts.keepAliveMs + 400)
    expect(one.counters).toMatchObject({ connections: 0, http2Connections: 0 })
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
    const one = negotiatedPool()
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
    const one = negotiatedPool({ maxConnections: 6 })
    times(6).forEach(() => one.ask())
    expect([one.pool.hasRoom, one.pool.open('any'), one.handshakes.length]).toEqual([false, undefined, 4])
    one.agree(0, 'h2')
    expect(one.pool.hasRoom).toBeTrue()
    expect(one.rooms).toEqual([false, true])
  })

  test('is one for both kinds, and frees its place with either', () => {
    const one = negotiatedPool({ maxConnections: 2 })
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
    const one = negotiatedPool()
    one.ask()
    one.agree(0, 'h2')
    const upgrade = one.ask('any', { source: one.pool.forUpgrades })
    expect(one.handshakes[1]!.opening?.offers).toEqual(['http/1.1'])
    one.agree(1, 'http/1.1')
    expect([upgrade.log, one.sent()]).toEqual([['connected'], [0, 1]])
    // Nothing has been learned by it.
    one.say(0, goAway(1))
    one.ended(0, 1)
    times(20).forEach(() => one.ask())
    expect(one.handshakes).toHaveLength(3)
  })

  test('takes one of HTTP/1.1 that is idle', () => {
    const one = negotiatedPool()
    one.ask()
    one.agree(0, 'http/1.1')
    one.answer(0)
    one.ask('any', { source: one.pool.forUpgrades })
    expect([one.handshakes.length, one.sent()]).toEqual([1, [2]])
  })

  test('has what is idle give way where the cap is reached, and what is busy not', () => {
    const one = negotiatedPool({ maxConnections: 1 })
    one.ask()
    one.agree(0, 'h2')
    expect(one.pool.forUpgrades.open('any')).toBeUndefined()
    one.ended(0, 1)
    one.ask('any', { source: one.pool.forUpgrades })
    one.agree(1, 'http/1.1')
    expect([one.handshakes[0]!.socket.isOpen, one.sent(), one.pool.size]).toEqual([false, [0, 1], 1])
  })

  test('that is refused the handshake is alone in that', () => {
    const one = negotiatedPool()
    const [plain, upgrade] = [one.ask(), one.ask('any', { source: one.pool.forUpgrades })]
    one.refuse(1)
    expect([plain.log, upgrade.log]).toEqual([[], ['connect: ECONNREFUSED']])
  })
})

describe('who wants a fresh connection', () => {
  test.each(['h2', 'http/1.1'] as const)('gets it, %s', (protocol) => {
    const one = negotiatedPool()
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
    const one = negotiatedPool()
    const [first, fresh] = [one.ask(), one.ask('fresh')]
    inEvent(() => first.stream!.abort())
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, false])
    inEvent(() => fresh.stream!.abort())
    expect([one.handshakes[1]!.isGivenUp, one.pool.size, one.counters.connections]).toEqual([true, 0, 0])
  })

  test('among others ends none that they wait for', () => {
    const one = negotiatedPool()
    const all = times(9).map(() => one.ask())
    for (const { stream } of all.slice(0, 5)) inEvent(() => stream!.abort())
    expect(one.handshakes.filter(({ isGivenUp }) => isGivenUp)).toHaveLength(0)
    inEvent(() => all[5]!.stream!.abort())
    expect(one.handshakes.filter(({ isGivenUp }) => isGivenUp)).toHaveLength(1)
  })

  test('and comes too late leaves a connection that is kept', () => {
    const one = negotiatedPool()
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
