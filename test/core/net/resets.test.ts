/** Peers that reset while nobody reads what they have sent. */
import { describe, expect, onTestFinished, test } from 'bun:test'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import { Wire } from '../../../core/net/wire.ts'
import type { WireOwner } from '../../../core/net/wire-owner.ts'
import { fail } from '../../support/fail.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { transports } from '../../support/transports.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const [, epoll] = transports.find(([name]) => name === 'epoll') ?? []

const unexpected = (): never => fail(new Error('nobody asked for that'))

/** A wire that is paused by the first bytes that come, of a peer that sends more and then resets. */
async function resetting(traits: Pick<WireOwner, 'isLostByReset'>) {
  const heard: string[] = []
  const owner: WireOwner = {
    ...traits,
    onData(bytes) {
      heard.push(bytes.toString())
      wire.pause()
    },
    onBlocked: unexpected,
    onDrained: unexpected,
    onEnd: () => void heard.push('end'),
    onClose: () => void heard.push('close'),
    onTimeout: unexpected,
    onSent: unexpected,
  }
  const wire = new Wire(owner, new TimerWheel(virtualClock(), fail))
  const bound = epoll?.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, false, {
    onAccepted(socket) {
      socket.data = wire
      wire.opened(socket)
    },
    onShortage: () => false,
    reportFault: fail,
  })
  onTestFinished(() => bound?.stop())
  const port = bound?.address.kind === 'tcp' ? bound.address.port : 0
  const peer = await Bun.connect({ hostname: '127.0.0.1', port, socket: { open() {}, data() {} } })
  peer.write('one')
  await turnUntil(() => heard.length === 1, 'the first bytes')
  peer.write('two')
  await turn()
  peer.terminate()
  return { heard, wire }
}

describe.skipIf(epoll === undefined)('a wire whose peer has reset, and that is paused', () => {
  test('closes at once where nobody could be answered', async () => {
    const { heard } = await resetting({ isLostByReset: true })
    await turnUntil(() => heard.length === 2, 'its end')
    expect(heard).toEqual(['one', 'close'])
  })

  test('has what came before to be read first elsewhere', async () => {
    const { heard, wire } = await resetting({})
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(heard).toEqual(['one'])
    wire.resume()
    await turnUntil(() => heard.length === 2, 'the rest')
    wire.resume()
    await turnUntil(() => heard.length === 3, 'its end')
    expect(heard).toEqual(['one', 'two', 'close'])
  })
})
