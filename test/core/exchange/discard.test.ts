import { describe, expect, test } from 'bun:test'
import { discardResponse } from '../../../core/exchange/discard.ts'
import type { BodyKind } from '../../../core/http1/framing.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { fail } from '../../support/fail.ts'
import { FakeStream } from '../../support/fake-streams.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function discarding(body: BodyKind = 'length') {
  const clock = virtualClock()
  const stream = new FakeStream(true)
  discardResponse(stream, body, new TimerWheel(clock, fail))
  const bytes = (length: number): void => stream.sink?.onBody(Buffer.alloc(length + 2), 1, length + 1)
  return { clock, stream, bytes }
}

describe('a response that is thrown away', () => {
  test('of up to 64 KiB is read to its end', () => {
    const { clock, stream, bytes } = discarding()
    bytes(65_535)
    bytes(1)
    stream.sink?.onResponseEnd(undefined)
    clock.advance(5000)
    expect(stream.log).toEqual([])
    expect(clock.pending()).toBe(0)
  })

  test('that is longer is given up', () => {
    const { clock, stream, bytes } = discarding('chunked')
    bytes(65_536)
    expect(stream.log).toEqual([])
    bytes(1)
    expect(stream.log).toEqual(['abort'])
    clock.advance(200)
    expect(clock.pending()).toBe(0)
  })

  test('that takes longer than a second is given up', () => {
    const { clock, stream, bytes } = discarding()
    bytes(1)
    clock.advance(999)
    expect(stream.log).toEqual([])
    clock.advance(400)
    expect(stream.log).toEqual(['abort'])
  })

  test('that ends with its connection is given up at once', () => {
    expect(discarding('until-close').stream.log).toEqual(['abort'])
  })

  test('whose connection dies is over', () => {
    const { clock, stream } = discarding()
    stream.sink?.onFailure('reset', 'gone')
    clock.advance(200)
    expect([stream.log, clock.pending()]).toEqual([[], 0])
  })
})
