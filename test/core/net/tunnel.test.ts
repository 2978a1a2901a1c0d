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
  const told: (readonly [who: 'client' | 'backend', isReset: boolean])[] = []
  const [ofClient, ofBackend] = [sideOf(client), sideOf(backend)]
  joinWires(ofClient, ofBackend, {
    idleMs: IDLE_MS,
    onOver: (first, isReset) => void told.push([first === ofClient ? 'client' : 'backend', isReset]),
  })
  return { clock, client, backend, told, ends: () => told.length }
}

type Joined = ReturnType<typeof join>

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

describe('the end of a tunnel', () => {
  const gone = new Error('ECONNRESET')

  test.each([
    ['was reset by its backend', 'backend', true, ({ backend }: Joined) => backend.wire.closed(gone)],
    ['was reset by its client', 'client', true, ({ client }: Joined) => client.wire.closed(gone)],
    ['was cut at its backend', 'backend', false, ({ backend }: Joined) => backend.wire.destroy()],
    ['has been silent', 'client', false, ({ clock }: Joined) => clock.advance(IDLE_MS + 1000)],
    [
      'has ended in good order',
      'backend',
      false,
      ({ client, backend }: Joined) => {
        client.wire.peerEnded()
        backend.wire.peerEnded()
      },
    ],
  ] as const)(
    'is told once, with who has gone first and whether its peer has reset it: one that %s',
    (_, who, isReset, act) => {
      const joined = join()
      act(joined)
      expect(joined.told).toEqual([[who, isReset]])
    },
  )
})
