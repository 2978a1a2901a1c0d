/** The contract of core/net/wire-socket.ts, for each kind of sockets, whoever began the connection: bytes, and when they are told of. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { retained } from '../../../core/net/retained.ts'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { aWhile, type Family, pattern, type SocketRig } from '../../support/socket-rig.ts'
import { socketKinds } from '../../support/socket-kinds.ts'

const families: readonly Family[] = ['IPv4', 'IPv6', 'Unix']

describe.each(socketKinds)('sockets by %s', (_name, { sides, open }) => {
  describe.each(families)('by %s', (family) => {
    test.each(sides)('an %s one carries bytes both ways and ends', async (side) => {
      using rig = open(family)
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
    beforeEach(() => (rig = open()))
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
      const { ear, peer } = await pair({ drained: () => void (at > 0 && write()) })
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
