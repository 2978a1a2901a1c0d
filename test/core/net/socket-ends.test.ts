/** The contract of core/net/wire-socket.ts, for each kind of sockets, whoever began the connection: how they end, and that they do. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { aWhile, type Ear, pattern, type SocketPair, type SocketRig } from '../../support/socket-rig.ts'
import { socketKinds } from '../../support/socket-kinds.ts'

describe.each(socketKinds)('sockets by %s', (name, { sides, open }) => {
  const isTls = name.startsWith('TLS')

  describe.each(sides)('an %s one', (side) => {
    let rig: SocketRig
    beforeEach(() => (rig = open()))
    afterEach(() => rig[Symbol.dispose]())
    const pair = (on?: Partial<SocketOwner>, options?: Parameters<SocketRig['pair']>[2]) => rig.pair(side, on, options)

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

    test('tells of the reset of who came to us, though what came with it has it pause', async () => {
      const { ear, peer } = await rig.pair('accepted', { received: () => ear.socket.pause() })
      peer.send('once read')
      peer.reset()
      await ear.until('reset')
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

    test('takes no end behind its own for a reset while it is paused', async () => {
      const { ear, peer } = await pair({}, { staysOpen: true })
      ear.socket.pause()
      ear.socket.shutdown()
      await peer.expectEnd()
      peer.end()
      await aWhile(rig)
      expect(ear.log).toEqual([])
      ear.socket.resume()
      await ear.until('closed')
      expect(ear.log.filter((word) => word !== 'end')).toEqual(['closed'])
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

    // Of TLS, Bun reads what has come, and says goodbye.
    if (!isTls)
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

    // Of TLS it is free only when the other side has heard the goodbye.
    if (!isTls)
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
  })
})
