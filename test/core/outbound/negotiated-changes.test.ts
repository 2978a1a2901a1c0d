/** core/outbound/negotiated-pool.ts while the world changes, and what it takes of it. */
import { describe, expect, test } from 'bun:test'
import type { Opening } from '../../../core/net/opening.ts'
import { inEvent } from '../../support/memory-socket.ts'
import { negotiatedPool } from '../../support/negotiated-pool.ts'

const times = (count: number): undefined[] => Array.from({ length: count }, () => undefined)

describe('what may change meanwhile', () => {
  const tls = { context: {}, serverName: undefined, verifies: true } as Opening['tls']

  test('how connections begin: who waits gets one that began as it is now', () => {
    const one = negotiatedPool({ manner: { tls } })
    const waiting = one.ask()
    const manner = { tls: { ...tls! } }
    one.update({ manner })
    expect(one.handshakes.map(({ isGivenUp }) => isGivenUp)).toEqual([true, false])
    expect(one.handshakes[1]!.opening?.tls).toBe(manner.tls)
    one.agree(1, 'h2')
    expect(waiting.log).toEqual(['connected'])
  })

  test.each(['h2', 'http/1.1'] as const)(
    'one in %s that was being opened meanwhile serves its own request alone',
    (protocol) => {
      const one = negotiatedPool({ manner: { tls } })
      const fresh = one.ask('fresh')
      one.update({ manner: { tls: { ...tls! } } })
      one.agree(0, protocol)
      if (protocol === 'h2') one.ended(0, 1)
      else one.answer(0)
      expect([fresh.log.at(-1), one.pool.size]).toEqual(['end', 0])
    },
  )

  test.each(['h2', 'http/1.1'] as const)('a connection in %s that began otherwise serves nobody else', (protocol) => {
    const one = negotiatedPool({ manner: { tls } })
    one.ask()
    one.agree(0, protocol)
    one.update({ manner: { tls: { ...tls! } } })
    if (protocol === 'h2') one.ended(0, 1)
    else one.answer(0)
    expect([one.pool.size, one.handshakes[0]!.socket.hasShut]).toEqual([0, true])
    one.ask()
    expect(one.handshakes).toHaveLength(2)
  })

  test('the cap: there is room again, and more handshakes for those who wait', () => {
    const one = negotiatedPool({ maxConnections: 2 })
    times(2).forEach(() => one.ask())
    for (const maxConnections of [3, 2, 3]) one.update({ maxConnections })
    expect([one.rooms, one.pool.hasRoom]).toEqual([[false, true, false, true], true])
  })

  test('where the backend is drained nothing is kept, and who waits is served', () => {
    const one = negotiatedPool()
    const [first, second] = [one.ask(), one.ask()]
    one.pool.keepIdle(false)
    one.agree(0, 'http/1.1')
    one.agree(1, 'http/1.1')
    one.answer(0)
    one.answer(1)
    expect([first.log.at(-1), second.log.at(-1), one.pool.size]).toEqual(['end', 'end', 0])
  })

  test('where it is gone everything is cut, and counted', () => {
    const one = negotiatedPool()
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
  const one = negotiatedPool({}, descriptors)
  // 32 of 72 are for traffic.
  const all = times(40).map(() => one.ask())
  one.agree(0, 'http/1.1')
  for (let index = 1; index < 4; index += 1) one.agree(index, 'http/1.1')
  for (let index = 4; index < one.handshakes.length; index += 1) one.agree(index, 'http/1.1')
  const failed = all.filter(({ log }) => log[0]?.startsWith('local: no descriptor is free'))
  expect([one.handshakes.length, failed.length]).toEqual([32, 8])
  expect(one.pool.open('any')).toBeUndefined()
})

test('every descriptor is given back, however a handshake and its connection end', () => {
  const one = negotiatedPool({ maxIdleConnections: 0 }, 72)
  const last = (): number => one.handshakes.length - 1
  const ends: readonly (() => void)[] = [
    () => one.refuse(last()),
    () => (one.agree(last(), 'http/1.1'), one.answer(last())),
    () => (one.agree(last(), 'h2'), one.ended(last(), 1)),
    () => (one.agree(last(), 'h2'), one.handshakes[last()]!.socket.terminate()),
    () => void one.pool.cut(),
  ]
  for (let count = 0; count < 200; count += 1) {
    const { stream } = one.ask()
    if (count % 6 === 5) inEvent(() => stream!.abort())
    else inEvent(ends[count % 6]!)
    one.pool.keepIdle(true)
  }
  expect(one.counters).toMatchObject({ connections: 0, http2Connections: 0 })
  expect(one.handshakes).toHaveLength(200)
})

test('chunked bodies are sent in one form, whatever the backend picks', () => {
  const request = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  const bytes = Buffer.from('hello')
  const one = negotiatedPool()
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
