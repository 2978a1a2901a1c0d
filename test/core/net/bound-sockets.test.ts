/** The contract of core/net/transport.ts: sockets that listen, for each kind of sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALWAYS_ROOM, PLAIN, type AcceptEvents, type BoundSocket } from '../../../core/net/transport.ts'
import type { OwnedSocket } from '../../../core/net/wire-socket.ts'
import { connectTo } from '../../support/raw-client.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { Ear } from '../../support/socket-rig.ts'
import { transports } from '../../support/transports.ts'

const MANY = 200

describe.each(transports)('by %s', (_name, transport) => {
  let open: BoundSocket[] = []
  let accepted: [OwnedSocket, string][] = []
  let faults: unknown[] = []
  let folder = ''
  beforeEach(() => {
    ;[open, accepted, faults] = [[], [], []]
    folder = mkdtempSync(join(tmpdir(), 'smartedge-bound-'))
  })
  afterEach(() => {
    for (const bound of open) bound.stop()
    for (const [socket] of accepted) socket.terminate()
    rmSync(folder, { recursive: true })
  })

  const events: AcceptEvents = {
    ...ALWAYS_ROOM,
    onAccepted: (socket, address) => void accepted.push([socket, address]),
    onShortage: () => false,
    reportFault: (error) => void faults.push(error),
  }
  const keep = (bound: BoundSocket): BoundSocket => (open.push(bound), bound)
  const bind = (host: string, port = 0, on = events) => keep(transport.bindHost({ kind: 'tcp', host, port }, PLAIN, on))
  const portOf = ({ address }: BoundSocket): number => (address.kind === 'tcp' ? address.port : 0)
  const codeOf = (begin: () => unknown): unknown => {
    try {
      return begin()
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    }
  }

  test('a socket tells where it listens, by number', () => {
    for (const [host, address] of [
      ['127.0.0.1', '127.0.0.1'],
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
      ['::', '::'],
    ] as const) {
      const { address: where } = bind(host)
      expect(where).toEqual({ kind: 'tcp', host: address, port: expect.any(Number) as number })
      expect(where.kind === 'tcp' && where.port > 0).toBe(true)
    }
    expect(['127.0.0.1', '::1']).toContain((bind('localhost').address as { host: string }).host)
  })

  test('a socket lets in all that come at once, each with its address', async () => {
    const bound = bind('127.0.0.1')
    const peers = await Promise.all(Array.from({ length: MANY }, () => connectTo(portOf(bound))))
    await turnUntil(() => accepted.length === MANY, 'all of them')
    expect(new Set(accepted.map(([, address]) => address))).toEqual(new Set(['127.0.0.1']))
    const ears = accepted.map(([socket]) => new Ear(socket))
    for (const [index, peer] of peers.entries()) peer.send(String(index))
    await turnUntil(() => ears.every(({ text }) => text !== ''), 'what each says')
    expect(ears.map(({ text }) => Number(text)).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: MANY }, (_, index) => index),
    )
    for (const peer of peers) peer.reset()
  })

  test('an exception of who lets one in costs that one', async () => {
    const broken = new Error('broken')
    const onAccepted = (socket: OwnedSocket, address: string): void => {
      events.onAccepted(socket, address)
      if (accepted.length === 1) throw broken
    }
    const bound = bind('127.0.0.1', 0, { ...events, onAccepted })
    // It may be reset before it knows that it is connected.
    const first = connectTo(portOf(bound)).then(
      (peer) => peer.expectClosed(),
      () => 'reset',
    )
    expect(await first).toBe('reset')
    const second = await connectTo(portOf(bound))
    await turnUntil(() => accepted.length === 2, 'the other')
    const ear = new Ear((accepted[1] as [OwnedSocket, string])[0])
    second.send('go on')
    await ear.untilText('go on')
    expect(faults).toEqual([broken])
    second.reset()
  })

  test('one that is turned away at once gets what was written', async () => {
    const onAccepted = (socket: OwnedSocket): void => {
      socket.write(Buffer.from('no'), 0, 2)
      socket.end()
    }
    const peer = await connectTo(portOf(bind('127.0.0.1', 0, { ...events, onAccepted })))
    await peer.expectBytes('no')
    expect(await peer.expectClosed()).toBe('ended')
    expect(faults).toEqual([])
  })

  test('what cannot be opened throws an error with the system’s code', () => {
    const bound = bind('127.0.0.1')
    expect(codeOf(() => bind('127.0.0.1', portOf(bound)))).toBe('EADDRINUSE')
    expect(codeOf(() => bind('0.0.0.0', portOf(bound)))).toBe('EADDRINUSE')
    expect(codeOf(() => bind('192.0.2.1'))).toBe('EADDRNOTAVAIL')
    expect(codeOf(() => bind('2001:db8::1'))).toBe('EADDRNOTAVAIL')
    const path = join(folder, 'a.sock')
    keep(transport.bindPath(path, events))
    expect(codeOf(() => transport.bindPath(path, events))).toBe('EADDRINUSE')
    expect(codeOf(() => transport.bindPath(join(folder, 'none', 'a.sock'), events))).toBe('ENOENT')
    expect(codeOf(() => transport.bindPath(join(folder, 'x'.repeat(200)), events))).toMatch(/^E[A-Z]+$/)
  })

  test('a socket that has stopped leaves its connections alive, and its address to the next', async () => {
    const bound = bind('127.0.0.1')
    const peer = await connectTo(portOf(bound))
    await turnUntil(() => accepted.length === 1, 'the first')
    const ear = new Ear((accepted[0] as [OwnedSocket, string])[0])
    bound.stop()
    expect(await connectTo(portOf(bound)).catch(String)).toContain('Failed to connect')
    peer.send('still here')
    await ear.untilText('still here')
    const next = bind('127.0.0.1', portOf(bound))
    // Its descriptor is another's by now.
    bound.stop()
    const other = await connectTo(portOf(next))
    await turnUntil(() => accepted.length === 2, 'the second')
    for (const one of [peer, other]) one.reset()
  })

  test('a Unix socket that has stopped takes its file with it, and may be opened anew', () => {
    const path = join(folder, 'a.sock')
    for (let round = 0; round < 3; round += 1) {
      const bound = transport.bindPath(path, events)
      expect([bound.address, existsSync(path)]).toEqual([{ kind: 'unix', path }, true])
      bound.stop()
      expect(existsSync(path)).toBe(false)
    }
  })

  test('a socket that stops resets who stands in its queue', async () => {
    const bound = bind('127.0.0.1')
    const coming = Array.from({ length: 5 }, () => connectTo(portOf(bound)))
    bound.stop()
    const ends = await Promise.all(coming.map((one) => one.then((peer) => peer.expectClosed()).catch(() => 'reset')))
    expect(new Set(ends)).toEqual(new Set(['reset']))
    expect(accepted).toEqual([])
  })

  test('a socket may be stopped by who comes in', async () => {
    const onAccepted = (socket: OwnedSocket, address: string): void => {
      events.onAccepted(socket, address)
      bound.stop()
    }
    const bound = bind('127.0.0.1', 0, { ...events, onAccepted })
    await Promise.allSettled(Array.from({ length: 5 }, () => connectTo(portOf(bound))))
    await turnUntil(() => accepted.length > 0, 'the first')
    expect([accepted.length, faults]).toEqual([1, []])
  })
})
