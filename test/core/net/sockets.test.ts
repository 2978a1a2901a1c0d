/** The contract of core/net/wire-socket.ts and transport.ts, for each kind of sockets, whoever began the connection. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { commit, type OutboxOwner, reserve } from '../../../core/net/outbox.ts'
import { retained } from '../../../core/net/retained.ts'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import {
  type Ear,
  type Family,
  type Side,
  type SocketPair,
  type SocketRig,
  socketRig,
} from '../../support/socket-rig.ts'
import { transports } from '../../support/transports.ts'

const sides: readonly Side[] = ['accepted', 'connected']
const families: readonly Family[] = ['IPv4', 'IPv6', 'Unix']

/** Bytes of which each piece tells its place. */
function pattern(length: number): Buffer {
  const words = new Uint32Array(length / 4)
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index, 2_654_435_761)
  return Buffer.from(words.buffer)
}

/** What was sent before this has come, if anybody was to hear of it: later bytes on another connection were heard. */
async function aWhile(rig: SocketRig): Promise<void> {
  const { ear, peer } = await rig.pair('accepted')
  peer.send('ping')
  await ear.untilText('ping')
  ear.socket.end()
  for (let turns = 0; turns < 20; turns += 1) await turn()
}

describe.each(transports)('sockets by %s', (_name, transport) => {
  describe.each(families)('by %s', (family) => {
    test.each(sides)('an %s one carries bytes both ways and ends', async (side) => {
      using rig = socketRig(transport, family)
      const { ear, peer } = await rig.pair(side)
      peer.send('hello')
      await ear.untilText('hello')
      expect(ear.say('welcome')).toBe(7)
      await peer.expectBytes('welcome')
      ear.socket.end()
      expect(await peer.expectClosed()).toBe('ended')
      await ear.until('closed')
      expect([ear.log, rig.faults]).toEqual([['data', 'closed'], []])
    })
  })

  describe.each(sides)('an %s one', (side) => {
    let rig: SocketRig
    beforeEach(() => (rig = socketRig(transport)))
    afterEach(() => rig[Symbol.dispose]())
    const pair = (on?: Partial<SocketOwner>, options?: Parameters<SocketRig['pair']>[2]) => rig.pair(side, on, options)

    test('writes a part of a buffer, and nothing around it', async () => {
      const { ear, peer } = await pair()
      expect(ear.socket.write(Buffer.from('abcdef'), 2, 3)).toBe(3)
      expect(ear.socket.write(Buffer.from(new ArrayBuffer(4)), 0, 0)).toBe(0)
      const large = pattern(64 * 1024)
      expect(ear.socket.write(large, 60 * 1024, 4 * 1024)).toBe(4 * 1024)
      await peer.expectBytes(`cde${large.toString('latin1', 60 * 1024)}`)
    })

    test('takes what it can, says when it can take more, and loses nothing', async () => {
      const bytes = pattern(24 * 1024 * 1024)
      let at = 0
      let blocks = 0
      const write = (): void => {
        while (at < bytes.length) {
          const sent = ear.socket.write(bytes, at, Math.min(1024 * 1024, bytes.length - at))
          if (sent <= 0) return void (blocks += 1)
          at += sent
        }
        ear.socket.shutdown()
      }
      const { ear, peer } = await pair({ drained: () => write() })
      peer.pause()
      write()
      const taken = at
      await aWhile(rig)
      expect([taken < bytes.length, at]).toEqual([true, taken])
      peer.resume()
      await peer.expectEnd()
      expect(peer.receivedBytes).toBe(bytes.length)
      expect(Bun.hash(Buffer.from(peer.text, 'latin1'))).toBe(Bun.hash(bytes))
      expect(blocks).toBeGreaterThan(0)
    })

    test('tells nothing while it is paused, and then everything in order', async () => {
      const { ear, peer } = await pair()
      ear.socket.pause()
      peer.send('one')
      peer.end()
      await aWhile(rig)
      expect(ear.log).toEqual([])
      ear.socket.resume()
      await ear.until('end')
      expect([ear.log, ear.text]).toEqual([['data', 'end'], 'one'])
    })

    test('is paused from the middle of an event, at once', async () => {
      const { ear, peer } = await pair({ received: () => void ear.socket.pause() })
      const bytes = pattern(3 * 1024 * 1024)
      peer.send(bytes)
      await ear.until('data')
      const first = ear.receivedBytes
      await aWhile(rig)
      expect(ear.receivedBytes).toBe(first)
      for (let pieces = 0; ear.receivedBytes < bytes.length; pieces += 1) {
        const before = ear.receivedBytes
        ear.socket.resume()
        await turnUntil(() => ear.receivedBytes > before, 'one more piece')
      }
      expect(ear.receivedBytes).toBe(bytes.length)
    })

    test('writes while it is paused', async () => {
      const { ear, peer } = await pair()
      ear.socket.pause()
      ear.say('still here')
      await peer.expectBytes('still here')
    })

    test('tells of a reset while it is paused', async () => {
      const { ear, peer } = await pair()
      ear.socket.pause()
      peer.reset()
      await ear.until('reset')
      expect(ear.log).toEqual(['reset'])
    })

    test('tells of the reset of who came to us while it is paused, with bytes unread', async () => {
      const { ear, peer } = await rig.pair('accepted')
      ear.socket.pause()
      peer.send('never read')
      await aWhile(rig)
      peer.reset()
      await ear.until('reset')
      // Bun tells of what it has, paused or not.
      expect(ear.log.filter((word) => word !== 'data')).toEqual(['reset'])
    })

    test('tells of a reset behind what it has not read yet', async () => {
      const { ear, peer } = await pair()
      ear.socket.pause()
      peer.send('the last')
      peer.reset()
      ear.socket.resume()
      await ear.until('reset')
      expect(ear.log.filter((word) => word !== 'data')).toEqual(['reset'])
    })

    test('ends its side first and hears on', async () => {
      const { ear, peer } = await pair({}, { staysOpen: true })
      ear.say('bye')
      ear.socket.shutdown()
      await peer.expectEnd()
      peer.send('not yet')
      await ear.untilText('not yet')
      expect(ear.log).toEqual(['data'])
      peer.end()
      await ear.until('closed')
      expect(ear.log.filter((word) => word !== 'end')).toEqual(['data', 'closed'])
      expect(await peer.expectClosed()).toBe('ended')
    })

    test('hears of the end first and says on', async () => {
      const { ear, peer } = await pair({}, { staysOpen: true })
      peer.send('bye')
      peer.end()
      await ear.until('end')
      ear.say('not yet')
      await peer.expectBytes('not yet')
      expect(ear.log).toEqual(['data', 'end'])
      ear.socket.end()
      await ear.until('closed')
      expect(await peer.expectClosed()).toBe('ended')
    })

    test('may write from the middle of the end', async () => {
      const { ear, peer } = await pair({ peerEnded: () => void (ear.say('and one more'), ear.socket.end()) })
      peer.end()
      await peer.expectBytes('and one more')
      expect(await peer.expectClosed()).toBe('ended')
    })

    test('resets the peer when bytes are unread as it ends', async () => {
      const { ear, peer } = await pair()
      ear.socket.pause()
      peer.send('unread')
      await aWhile(rig)
      ear.socket.end()
      expect(await peer.expectClosed()).toBe('reset')
    })

    test('delivers what was written before it ends', async () => {
      const { ear, peer } = await pair({}, { onlyCounts: true })
      const sent = ear.socket.write(pattern(1024 * 1024), 0, 1024 * 1024)
      ear.socket.end()
      await peer.expectCount(sent)
      expect(await peer.expectClosed()).toBe('ended')
    })

    test('resets the peer when it is terminated', async () => {
      const { ear, peer } = await pair()
      ear.socket.terminate()
      expect(await peer.expectClosed()).toBe('reset')
      await turnUntil(() => ear.log.length > 0, 'its end')
    })

    test.each(['end', 'terminate'] as const)('is over once, whatever is done to it after its %s', async (way) => {
      const { ear, peer } = await pair({ closed: () => void ear.socket.terminate() })
      ear.socket[way]()
      ear.socket.end()
      ear.socket.terminate()
      expect(ear.say('too late')).toBe(-1)
      for (const call of ['shutdown', 'pause', 'resume'] as const) ear.socket[call]()
      await peer.expectClosed()
      await aWhile(rig)
      expect(ear.log).toHaveLength(1)
      expect([ear.say('too late'), ear.log.length, rig.faults]).toEqual([-1, 1, []])
    })

    test('hears nothing of those that were closed within the same turn, whose descriptors it has', async () => {
      const told: string[] = []
      const news: Promise<SocketPair>[] = []
      const old: SocketPair[] = []
      let isFirst = true
      const begin = (which: Ear): void => {
        if (!isFirst) return
        isFirst = false
        for (const { ear } of old) if (ear !== which) ear.socket.terminate()
        for (const _ of old) news.push(rig.pair('connected', {}, { staysOpen: true }))
      }
      for (let count = 0; count < 30; count += 1) {
        const { ear, peer } = await pair({
          received() {
            if (!isFirst) told.push('data')
            begin(ear)
          },
          peerEnded: () => void (isFirst ? begin(ear) : told.push('end')),
          closed: () => begin(ear),
        })
        old.push({ ear, peer })
      }
      for (const [index, { peer }] of old.entries()) {
        peer.send('x')
        if (index % 3 === 0) peer.reset()
        if (index % 3 === 1) peer.end()
      }
      await turnUntil(() => !isFirst, 'the first')
      const young = await Promise.all(news)
      for (const [index, { ear, peer }] of young.entries()) {
        peer.send(`hello ${index}`)
        peer.end()
        await ear.until('end')
        expect(ear.log).toEqual(['data', 'end'])
        ear.say(ear.text)
        await peer.expectBytes(`hello ${index}`)
        ear.socket.end()
        expect(await peer.expectClosed()).toBe('ended')
      }
      // One at most was open still, and hears the rest of its own.
      expect(told.length).toBeLessThanOrEqual(2)
    })

    test('is over for good when another has its descriptor', async () => {
      const { ear } = await pair()
      const { fd } = ear.socket
      // Its peer has one by then and waits to be accepted, where that is ours to do.
      const begun = side === 'accepted' ? pair() : undefined
      ear.socket.end()
      const next = await (begun ?? pair())
      expect(next.ear.socket.fd).toBe(fd)
      expect(ear.say('to nobody')).toBe(-1)
      for (const call of ['shutdown', 'end', 'terminate'] as const) ear.socket[call]()
      await aWhile(rig)
      expect([next.peer.text, next.peer.hasEnded, next.peer.closing]).toEqual(['', false, undefined])
      expect(next.ear.say('hello')).toBe(5)
      await next.peer.expectBytes('hello')
    })

    test('takes nothing when the peer has reset it', async () => {
      const { ear, peer } = await pair()
      peer.reset()
      await ear.until('reset')
      expect(ear.say('too late')).toBe(-1)
      expect(ear.error).toMatchObject({ code: 'ECONNRESET' })
    })

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
        const broken = new Error('broken')
        const throwing = (): never => {
          throw broken
        }
        const [sound, { ear, peer }] = [await pair(), await pair({ [what]: throwing })]
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
      const broken = new Error('broken')
      const throwing = (): never => {
        throw broken
      }
      const [sound, { ear, peer }] = [await pair(), await pair({ drained: throwing })]
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
      const broken = new Error('broken')
      const owner: OutboxOwner = {
        flushOutbox() {
          throw broken
        },
      }
      const gathering = (): void => {
        reserve(owner, 1)
        commit(1)
      }
      const [sound, { ear, peer }] = [await pair(), await pair({ received: gathering })]
      peer.send('x')
      await peer.expectClosed()
      await turnUntil(() => ear.log.length > 1, 'its end')
      expect([rig.faults, ear.say('more')]).toEqual([[broken], -1])
      sound.peer.send('go on')
      await sound.ear.untilText('go on')
    })

    test('is the only one that a handler costs which throws twice', async () => {
      const throwing = (): never => {
        throw new Error('broken')
      }
      const [sound, { ear, peer }] = [await pair(), await pair({ received: throwing, closed: throwing })]
      peer.send('x')
      await peer.expectClosed()
      await turnUntil(() => rig.faults.length === 2, 'both faults')
      expect(ear.say('more')).toBe(-1)
      sound.peer.send('go on')
      await sound.ear.untilText('go on')
    })

    test('lets bytes be kept that came in many pieces, small and large', async () => {
      const kept: Buffer[] = []
      const { ear, peer } = await pair({ received: (bytes) => void kept.push(retained(bytes)) })
      const bytes = pattern(8 * 1024 * 1024)
      // More of the small ones than any memory that they could share.
      const small = 1024
      for (let end = small; end <= 400 * small; end += small) {
        peer.send(bytes.subarray(end - small, end))
        await turnUntil(() => ear.receivedBytes === end, 'a small piece')
      }
      peer.send(bytes.subarray(ear.receivedBytes))
      await turnUntil(() => ear.receivedBytes === bytes.length, 'all of it')
      expect(Bun.hash(Buffer.concat(kept))).toBe(Bun.hash(bytes))
    })
  })
})
