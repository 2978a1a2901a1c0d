/** Who has a turn when, in the loop of our own sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { systemClock, type SystemClock } from '../../../../core/clock.ts'
import { systemLibc } from '../../../../core/net/bun/libc.ts'
import { FIRST_BYTES, LARGE_BYTES, SMALL_BYTES } from '../../../../core/net/epoll/memory.ts'
import { openEpoll } from '../../../../core/net/epoll/transport.ts'
import { MSG_MORE } from '../../../../core/net/linux.ts'
import { outbox } from '../../../../core/net/outbox.ts'
import { Pipe } from '../../../../core/net/pipe.ts'
import { isLent } from '../../../../core/net/retained.ts'
import { ALWAYS_ROOM, PLAIN, type Transport } from '../../../../core/net/transport.ts'
import type { OwnedSocket } from '../../../../core/net/wire-socket.ts'
import { fail } from '../../../support/fail.ts'
import { type FaultyCalls, faultyCalls } from '../../../support/faulty-calls.ts'
import { stillness, turn, turnUntil } from '../../../support/raw-peer.ts'
import { silentPeer } from '../../../support/silent-peer.ts'
import { Ear, type SocketRig, socketRig } from '../../../support/socket-rig.ts'

const MIB = 1024 * 1024

/** How much later it is each time that somebody looks. */
const time = { stepMs: 0, passedMs: 0 }
const clock: SystemClock = {
  ...systemClock,
  get hasTask() {
    return systemClock.hasTask
  },
  now: () => systemClock.now() + (time.passedMs += time.stepMs),
}

const isLinux = process.platform === 'linux'
const openDescriptors = (): number => readdirSync('/proc/self/fd').length

describe.skipIf(!isLinux)('the loop of our own sockets', () => {
  const { calls, made, next, watch }: FaultyCalls = isLinux ? faultyCalls() : (undefined as never)
  const transport: Transport = isLinux ? openEpoll(clock, () => calls) : (undefined as never)
  const connect = isLinux ? transport.connects(fail) : (undefined as never)
  let rig: SocketRig
  beforeEach(() => (rig = socketRig(transport)))
  afterEach(() => {
    time.stepMs = 0
    rig[Symbol.dispose]()
  })

  test('tells no connect of events of those whose descriptors it has', async () => {
    const silent = silentPeer()
    const told: string[] = []
    const cancels: (() => void)[] = []
    const pairs = await Promise.all(Array.from({ length: 20 }, () => rig.pair('accepted', { drained: () => reuse() })))
    const reuse = (): void => {
      if (cancels.length > 0) return
      for (const { ear } of pairs) ear.socket.terminate()
      const events = { onConnected: () => told.push('connected'), onFailed: (code: string) => told.push(code) }
      for (const _ of pairs) cancels.push(connect({ kind: 'ip', address: '127.0.0.1', port: silent.port }, events))
    }
    // All can be written to, and all of that is told in one batch.
    next('send', pairs.length, { code: 'EAGAIN' })
    for (const { ear } of pairs) ear.say('x')
    await turnUntil(() => cancels.length === pairs.length, 'the first event')
    for (let turns = 0; turns < 20; turns += 1) await turn()
    for (const cancel of cancels) cancel()
    silent.stop()
    expect(told).toEqual([])
  })

  test('tells what came along with a connect', async () => {
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: (socket) => void (socket.write('hello'), socket.end()), data() {} },
    })
    // Nothing is heard of it until all of that has happened.
    next('epoll_wait', 30, { code: 'EINTR' })
    const told = Promise.withResolvers<Ear>()
    connect(
      { kind: 'ip', address: '127.0.0.1', port: server.port },
      { onConnected: (socket) => told.resolve(new Ear(socket)), onFailed: fail },
    )
    const ear = await told.promise
    await ear.until('end')
    expect([ear.text, ear.log]).toEqual(['hello', ['data', 'end']])
    ear.socket.end()
    server.stop(true)
  })

  test('closes the descriptor of a connect at once that is given up', () => {
    const silent = silentPeer()
    const before = openDescriptors()
    const events = { onConnected: fail, onFailed: fail }
    const cancels = Array.from({ length: 100 }, () =>
      connect({ kind: 'ip', address: '127.0.0.1', port: silent.port }, events),
    )
    expect(openDescriptors() - before).toBe(100)
    for (const cancel of cancels) cancel()
    expect(openDescriptors() - before).toBe(0)
    silent.stop()
  })

  test('reads on from one that sends without end when the others have had their turn', async () => {
    const bulk = await rig.pair('accepted')
    const few = await Promise.all(Array.from({ length: 20 }, () => rig.pair('accepted')))
    bulk.peer.send(Buffer.alloc(64 * MIB))
    // By then the kernel lets it have some MiB on their way.
    await turnUntil(() => bulk.ear.receivedBytes > 16 * MIB, 'much of it')
    bulk.ear.socket.pause()
    await stillness(() => bulk.peer.sentBytes)
    const from = bulk.ear.receivedBytes
    const heardAt: number[] = []
    for (const { ear } of few) ear.on.received = () => void heardAt.push(bulk.ear.receivedBytes - from)
    // Nobody knows of them when reading begins.
    bulk.ear.on.received = () => {
      bulk.ear.on.received = () => undefined
      for (const { peer } of few) peer.send('small')
    }
    bulk.ear.socket.resume()
    await turnUntil(() => heardAt.length === few.length, 'all of the few')
    expect(Math.max(...heardAt)).toBeLessThanOrEqual(MIB)
    expect(bulk.peer.sentBytes - from).toBeGreaterThan(2 * MIB)
  })

  test.each([
    { stepMs: 0, most: 64 },
    { stepMs: 0.2, most: 3 },
  ])('lets others have a turn between those that come in, each in $stepMs ms', async ({ stepMs, most }) => {
    const libc = systemLibc() ?? fail(new Error('no libc'))
    const { ear, peer } = await rig.pair('accepted')
    const heardAt: number[] = []
    ear.on.received = () => void heardAt.push(rig.accepted.length)
    const descriptors = Array.from({ length: 400 }, () => {
      const begun = libc.connect(rig.endpoint)
      return begun.kind === 'begun' ? begun.descriptor : fail(new Error(begun.code))
    })
    time.stepMs = stepMs
    peer.send('x')
    await turnUntil(() => rig.accepted.length > 400, 'all of them')
    expect(heardAt[0]).toBeLessThanOrEqual(1 + 2 * most)
    for (const descriptor of descriptors) libc.close(descriptor)
  })

  test('reads at once who comes in with its first bytes, each by a time of its own', async () => {
    let waits = -1
    const heard = Promise.withResolvers<readonly [waits: number, isTimeKnown: boolean]>()
    watch('accept4', (fd) => {
      if (fd >= 0) waits = made.epoll_wait
    })
    const received = (): void => heard.resolve([made.epoll_wait - waits, outbox.isTimeKnown])
    const events = {
      ...ALWAYS_ROOM,
      onAccepted(socket: OwnedSocket) {
        outbox.isTimeKnown = true
        ears.push(new Ear(socket, { received }))
      },
      onShortage: fail,
      reportFault: fail,
    }
    const ears: Ear[] = []
    const bound = transport.bindHost(
      { kind: 'tcp', host: '127.0.0.1', port: 0 },
      { ...PLAIN, deferAccept: true },
      events,
    )
    const port = bound.address.kind === 'tcp' ? bound.address.port : 0
    await Bun.connect({ hostname: '127.0.0.1', port, socket: { open: (client) => void client.write('x'), data() {} } })
    expect(await heard.promise).toEqual([0, false])
    for (const ear of ears) ear.socket.end()
    bound.stop()
  })

  test('is woken by what else the process waits for', async () => {
    let woken = 0
    watch('epoll_wait', (count, [, , , timeoutMs = 0]) => {
      if (count > 0 && timeoutMs > 0) woken += 1
    })
    // No event of a socket ends a wait meanwhile: there is none but the listening one.
    for (let round = 0; round < 20; round += 1) await readFile(import.meta.path)
    expect(woken).toBeGreaterThan(0)
  })

  test('makes no calls for those that are silent or paused', async () => {
    const pairs = await Promise.all(Array.from({ length: 10 }, () => rig.pair('accepted')))
    for (const { ear, peer } of pairs) {
      ear.socket.pause()
      peer.send('x')
    }
    for (let turns = 0; turns < 20; turns += 1) await turn()
    const before = { ...made }
    for (let turns = 0; turns < 100; turns += 1) await turn()
    expect({ ...made, epoll_wait: before.epoll_wait }).toEqual(before)
  })

  test('keeps no task waiting for long, whatever comes', async () => {
    const connected = Promise.withResolvers<OwnedSocket>()
    connect(rig.endpoint, { onConnected: connected.resolve, onFailed: fail })
    const near = new Ear(await connected.promise)
    await turnUntil(() => rig.accepted.length === 1, 'the other end')
    const far = new Ear(rig.accepted[0] as OwnedSocket)
    // Each wait has an event.
    near.on.received = () => void near.say('x')
    far.on.received = () => void far.say('x')
    near.say('x')
    await turnUntil(() => near.receivedBytes > 100, 'some of them')
    const waits = Promise.withResolvers<number>()
    time.stepMs = 5
    near.on.received = () => {
      const before = made.epoll_wait
      clock.soon(() => waits.resolve(made.epoll_wait - before))
      near.on.received = () => void near.say('x')
      near.say('x')
    }
    expect(await waits.promise).toBe(0)
    near.socket.end()
  })

  test('reads little of who has come in, more where it sends more, and little again where it is asked to', async () => {
    const rooms: number[] = []
    watch('recv', (result, [, , room = 0]) => void (result > 0 && rooms.push(room)))
    const { ear, peer } = await rig.pair('accepted')
    const steps = [FIRST_BYTES, SMALL_BYTES, LARGE_BYTES]
    const roomsFor = async (length: number): Promise<number[]> => {
      const from = ear.receivedBytes
      ear.socket.pause()
      peer.send(Buffer.alloc(length))
      await stillness(() => peer.sentBytes)
      rooms.length = 0
      ear.socket.resume()
      await turnUntil(() => ear.receivedBytes === from + length, 'all of it')
      // Between them what is left of a slab.
      return steps.filter((step) => rooms.includes(step))
    }
    expect(await roomsFor(64 * 1024)).toEqual(steps)
    expect(await roomsFor(64 * 1024)).toEqual([LARGE_BYTES])
    ear.socket.readLittle?.()
    expect(await roomsFor(64 * 1024)).toEqual(steps)
    watch('recv', () => undefined)
  })

  test('reads on behind a piece that has filled what was left of a slab, and no more at once than before', async () => {
    const rooms = new Set<number>()
    const { ear, peer } = await rig.pair('accepted')
    peer.send('x'.repeat(12_000))
    await turnUntil(() => ear.receivedBytes === 12_000, 'the first')
    watch('recv', (_result, [, , room = 0]) => void rooms.add(room))
    // One after the other, so that each ends elsewhere in a slab.
    for (let sent = 24_000; sent <= 240_000; sent += 12_000) {
      peer.send('x'.repeat(12_000))
      await turnUntil(() => ear.receivedBytes === sent, `${sent} bytes`)
    }
    watch('recv', () => undefined)
    expect(Math.min(...rooms)).toBeLessThan(12_000)
    expect(Math.max(...rooms)).toBe(SMALL_BYTES)
  })

  test('lends what comes to who keeps nothing of it', async () => {
    const lent: boolean[] = []
    const { ear, peer } = await rig.pair('accepted', { received: (bytes) => void lent.push(isLent(bytes)) })
    peer.send('x')
    await ear.untilText('x')
    ear.socket.readLent?.()
    peer.send('y')
    await ear.untilText('xy')
    expect(lent).toEqual([false, true])
  })

  test('reads little again behind what went through a pipe, since the next may go there, too', async () => {
    const opened = transport.openPipe?.() ?? fail(new Error('no pipe'))
    const pipe = new Pipe(opened, { keep: () => undefined, onClosed: () => undefined })
    const rooms: number[] = []
    watch('recv', (result, [, , room = 0]) => void (result > 0 && rooms.push(room)))
    const { ear, peer } = await rig.pair('connected')
    let piped = 0
    const hear = Object.assign(ear, { piped: (length: number) => void (piped += length) })
    hear.on.received = () => (rooms.length === 1 ? ear.socket.pipeInto?.(pipe, MIB / 2 - SMALL_BYTES) : undefined)
    peer.send(Buffer.alloc(MIB / 2))
    await turnUntil(() => ear.receivedBytes + piped === MIB / 2, 'all of it')
    expect([rooms, ear.receivedBytes]).toEqual([[SMALL_BYTES], SMALL_BYTES])
    peer.send('next')
    await turnUntil(() => rooms.length === 2, 'the next')
    expect(rooms[1]).toBe(SMALL_BYTES)
    watch('recv', () => undefined)
    opened.close()
  })

  test('has the system hold back the end of what is followed at once', async () => {
    const flags: number[] = []
    watch('send', (_result, [, , , flag = 0]) => void flags.push(flag))
    const { ear } = await rig.pair('accepted')
    outbox.isFollowed = true
    ear.say('x')
    outbox.isFollowed = false
    ear.say('y')
    watch('send', () => undefined)
    expect(flags.map((flag) => flag & MSG_MORE)).toEqual([MSG_MORE, 0])
  })
})
