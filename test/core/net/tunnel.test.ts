import { describe, expect, test } from 'bun:test'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { joinWires, type TunnelSide } from '../../../core/net/tunnel.ts'
import { fail } from '../../support/fail.ts'
import { type FakeWire, fakeWire } from '../../support/fake-socket.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const IDLE_MS = 60_000

/** Two wires that are joined, each with a peer that takes what it is told to. */
function join() {
  const clock = virtualClock()
  const wheel = new TimerWheel(clock, fail)
  const [client, backend] = [fakeWire(wheel), fakeWire(wheel)]
  let ends = 0
  joinWires(sideOf(client), sideOf(backend), { idleMs: IDLE_MS, onOver: () => (ends += 1) })
  return { clock, client, backend, ends: () => ends }
}

const sideOf = ({ wire }: FakeWire): TunnelSide => ({
  wire,
  connection: wire.owner,
  early: undefined,
  onBytes: () => undefined,
})

describe('a tunnel whose sides have both ended while one keeps bytes for its peer', () => {
  test.each(['client', 'backend'] as const)('sends them, then closes: the %s', (slow) => {
    const { clock, ends, ...sides } = join()
    const [late, other] = slow === 'client' ? [sides.client, sides.backend] : [sides.backend, sides.client]
    late.takes(1)
    other.wire.received(Buffer.from('abc'))
    other.wire.peerEnded()
    late.wire.peerEnded()
    expect([other.log.at(-1), late.log, ends()]).toEqual(['onClose', [], 1])
    for (let taken = 0; taken < 2; taken += 1) {
      clock.advance(IDLE_MS - 1000)
      late.takes(1)
      late.wire.drained()
    }
    expect([late.sent(), late.log]).toEqual(['abc', ['shutdown', 'end', 'onClose']])
    clock.advance(1000)
    expect(clock.pending()).toBe(0)
  })

  test.each(['client', 'backend'] as const)('cuts a peer that takes none of them: the %s', (stuck) => {
    const { clock, ends, ...sides } = join()
    const [late, other] = stuck === 'client' ? [sides.client, sides.backend] : [sides.backend, sides.client]
    late.takes(0)
    other.wire.received(Buffer.from('abc'))
    other.wire.peerEnded()
    late.wire.peerEnded()
    clock.advance(IDLE_MS + 1000)
    expect([late.log, ends()]).toEqual([['terminate', 'onClose'], 1])
  })
})
