/** The contract of core/net/wire-socket.ts, for each kind of sockets, whoever began the connection: who hears, and what becomes of one that throws. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { commit, type OutboxOwner, reserve } from '../../../core/net/outbox.ts'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { pattern, type Side, type SocketRig, socketRig } from '../../support/socket-rig.ts'
import { transports } from '../../support/transports.ts'

const sides: readonly Side[] = ['accepted', 'connected']

const broken = new Error('broken')
const throwBroken = (): never => {
  throw broken
}

/** Writes what can't be sent, which shows when the event is over. */
function gatherBroken(): void {
  const owner: OutboxOwner = { flushOutbox: throwBroken }
  reserve(owner, 1)
  commit(1)
}

describe.each(transports)('sockets by %s', (_name, transport) => {
  describe.each(sides)('an %s one', (side) => {
    let rig: SocketRig
    beforeEach(() => (rig = socketRig(transport)))
    afterEach(() => rig[Symbol.dispose]())
    const pair = (on?: Partial<SocketOwner>, options?: Parameters<SocketRig['pair']>[2]) => rig.pair(side, on, options)

    test('says it to another owner from the middle of an event', async () => {
      const heard: string[] = []
      const other: SocketOwner = {
        received: (bytes) => void heard.push(bytes.toString()),
        drained: () => undefined,
        peerEnded: () => void heard.push('end'),
        closed: () => void heard.push('closed'),
      }
      const { ear, peer } = await pair({ received: () => void (ear.socket.data = other) })
      peer.send('first')
      await ear.untilText('first')
      peer.send('second')
      await turnUntil(() => heard.length > 0, 'the second')
      peer.end()
      await turnUntil(() => heard.includes('end'), 'the end')
      ear.socket.end()
      await turnUntil(() => heard.includes('closed'), 'the close')
      expect([ear.log, heard]).toEqual([['data'], ['second', 'end', 'closed']])
    })

    test.each(['received', 'peerEnded', 'closed'] as const)(
      'is the only one that a handler costs which throws: %s',
      async (what) => {
        const [sound, { ear, peer }] = [await pair(), await pair({ [what]: throwBroken })]
        peer.send('x')
        await ear.until('data')
        if (what === 'closed') peer.reset()
        else peer.end()
        await peer.expectClosed()
        await turnUntil(() => rig.faults.length > 0 && ear.log.some((word) => /closed|reset/.test(word)), 'its end')
        expect([rig.faults, ear.say('more')]).toEqual([[broken], -1])
        sound.peer.send('go on')
        await sound.ear.untilText('go on')
      },
    )

    test('is the only one that a handler costs which throws when it can write again', async () => {
      const [sound, { ear, peer }] = [await pair(), await pair({ drained: throwBroken })]
      peer.pause()
      const bytes = pattern(1024 * 1024)
      while (ear.socket.write(bytes, 0, bytes.length) > 0);
      peer.resume()
      await turnUntil(() => rig.faults.length > 0 && ear.log.length > 0, 'its end')
      expect([rig.faults, ear.say('more')]).toEqual([[broken], -1])
      sound.peer.send('go on')
      await sound.ear.untilText('go on')
    })

    test('is the only one that what it has written costs', async () => {
      const [sound, { ear, peer }] = [await pair(), await pair({ received: gatherBroken })]
      peer.send('x')
      await peer.expectClosed()
      await turnUntil(() => ear.log.length > 1, 'its end')
      expect([rig.faults, ear.say('more')]).toEqual([[broken], -1])
      sound.peer.send('go on')
      await sound.ear.untilText('go on')
    })

    test('is the only one that a handler costs which throws twice', async () => {
      const [sound, { ear, peer }] = [await pair(), await pair({ received: throwBroken, closed: throwBroken })]
      peer.send('x')
      await peer.expectClosed()
      await turnUntil(() => rig.faults.length === 2, 'both faults')
      expect(ear.say('more')).toBe(-1)
      sound.peer.send('go on')
      await sound.ear.untilText('go on')
    })
  })

  test.each([
    ['that throws', throwBroken],
    ['whose first bytes do', gatherBroken],
  ])('one that has just been connected is the only one that a handler costs %s', async (_what, handle) => {
    using rig = socketRig(transport)
    const sound = await rig.pair('accepted')
    const closings: string[] = []
    transport.connects((error) => void rig.faults.push(error))(rig.endpoint, {
      onConnected(socket) {
        socket.data = {
          received() {},
          drained() {},
          peerEnded() {},
          closed: () => void closings.push('closed'),
        }
        handle()
      },
      onFailed: (code) => void closings.push(code),
    })
    await turnUntil(() => closings.length > 0, 'its end')
    expect([rig.faults, closings]).toEqual([[broken], ['closed']])
    sound.peer.send('go on')
    await sound.ear.untilText('go on')
  })
})
