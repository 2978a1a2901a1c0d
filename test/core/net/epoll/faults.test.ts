/** What becomes of our own sockets when a system call fails. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { closeSync, openSync, readdirSync } from 'node:fs'
import { systemClock } from '../../../../core/clock.ts'
import { openEpoll } from '../../../../core/net/epoll/transport.ts'
import { ALWAYS_ROOM, PLAIN, type Transport } from '../../../../core/net/transport.ts'
import { type CallName, type Fault, type FaultyCalls, faultyCalls } from '../../../support/faulty-calls.ts'
import { turn, turnUntil } from '../../../support/raw-peer.ts'
import { type Side, type SocketRig, socketRig } from '../../../support/socket-rig.ts'

const openDescriptors = (): number => readdirSync('/proc/self/fd').length

const isLinux = process.platform === 'linux'

describe.skipIf(!isLinux)('the transport on epoll', () => {
  test('is not to be had without a libc', () => {
    expect(() => openEpoll(systemClock, () => undefined)).toThrow('there is no libc with epoll')
  })

  test.each<[string, CallName, Fault, string]>([
    ['there is no epoll', 'epoll_create1', { code: 'ENOSYS' }, 'epoll_create1: ENOSYS'],
    ['there are no descriptors', 'socketpair', { code: 'EMFILE' }, 'socketpair: EMFILE'],
    ['epoll watches no sockets', 'epoll_ctl', { code: 'EPERM' }, 'epoll_ctl: EPERM'],
    ['epoll tells nothing', 'epoll_wait', { code: 'ENOSYS' }, 'epoll tells [] of a pair'],
    ['nothing can be sent', 'send', { code: 'EPERM' }, 'bytes do not arrive as they were sent'],
    ['bytes are lost as they are sent', 'send', { atMost: 4 }, 'bytes do not arrive as they were sent'],
    ['bytes are lost as they come', 'recv', { atMost: 2 }, 'bytes do not arrive as they were sent'],
    [
      'nothing can be received',
      'recv',
      { code: 'EBADF', where: (fd) => fd >= 0 },
      'bytes do not arrive as they were sent',
    ],
    ['errors are told as others', 'recv', { code: 'EAGAIN', where: (fd) => fd < 0 }, 'errno is not told'],
  ])('is not to be had where %s', (_what, name, fault, reason) => {
    const { calls, next } = faultyCalls()
    next(name, 100, fault)
    const before = openDescriptors()
    expect(() => openEpoll(systemClock, () => calls)).toThrow(reason)
    expect(openDescriptors()).toBe(before)
  })

  test.each([
    'pipe2',
    'splice',
    'socket',
    'setsockopt',
    'bind',
    'listen',
    'getsockname',
    'connect',
    'accept4',
    'getsockopt',
    'shutdown',
  ] as const)('is not to be had where the system refuses %s, and keeps no descriptor', (name) => {
    const { calls, next } = faultyCalls()
    next(name, 100, { code: 'EPERM' })
    const before = openDescriptors()
    expect(() => openEpoll(systemClock, () => calls)).toThrow(`${name}: EPERM`)
    expect(openDescriptors()).toBe(before)
  })

  test('is not to be had where Bun takes over no descriptors', () => {
    const { calls, watch } = faultyCalls()
    const { bytes } = calls.scratch
    watch('socketpair', () => {
      closeSync(bytes.readInt32LE(0))
      bytes.writeInt32LE(openSync('/dev/null', 'r'), 0)
    })
    const before = openDescriptors()
    expect(() => openEpoll(systemClock, () => calls)).toThrow('Bun does not tell its epoll')
    expect(openDescriptors()).toBe(before)
  })
})

describe.skipIf(!isLinux)('a socket of our own', () => {
  const { calls, made, next }: FaultyCalls = isLinux ? faultyCalls() : (undefined as never)
  const rests: (() => void)[] = []
  const clock = { ...systemClock, after: (_delayMs: number, task: () => void) => (rests.push(task), () => undefined) }
  const transport: Transport = isLinux ? openEpoll(clock, () => calls) : (undefined as never)
  const sides: readonly Side[] = ['accepted', 'connected']
  let rig: SocketRig
  beforeEach(() => (rig = socketRig(transport)))
  afterEach(() => {
    for (const name of Object.keys(calls.call) as CallName[]) next(name, 0, {})
    rig[Symbol.dispose]()
  })

  describe.each(sides)('that was %s', (side) => {
    test('reads and writes on when a signal comes in between', async () => {
      const say = (): boolean => ear.say('hello') === 5
      const { ear, peer } = await rig.pair(side, { drained: () => void say() })
      for (const name of ['recv', 'send', 'epoll_wait'] as const) next(name, 3, { code: 'EINTR' })
      // Taken at once, or when it is told that it can be.
      say()
      await peer.expectBytes('hello')
      peer.send('welcome')
      await ear.untilText('welcome')
      expect(made.recv).toBeGreaterThan(3)
    })

    test('writes on behind a send that took a part, or nothing, though there was room', async () => {
      let left = 'wards'
      const write = (): void => {
        const sent = ear.say(left)
        if (sent > 0) left = left.slice(sent)
      }
      const { ear, peer } = await rig.pair(side, { drained: write })
      // Each by itself: what has been told of once is told of again.
      for (const fault of [{ atMost: 1 }, { code: 'EAGAIN' }, { atMost: 2 }] as const) {
        next('send', 1, fault)
        write()
        const before = left
        if (left !== '') await turnUntil(() => left !== before, 'room')
        left = left === '' ? 'more' : left
      }
      await turnUntil(() => peer.text.startsWith('wards'), 'all of it')
    })

    test.each(['ECONNRESET', 'EPIPE', 'ENOBUFS', 'ENOMEM', 'ETIMEDOUT'] as const)(
      'is over when a send fails with %s, behind what has come',
      async (code) => {
        const { ear, peer } = await rig.pair(side)
        const said: number[] = []
        const received = (): void => {
          // No event has told of it, and none does before the turn in which the failure is told.
          if (said.length > 0) return
          peer.send('the answer')
          said.push(ear.say('too late'), ear.say('again'))
        }
        const sound = await rig.pair(side, { received })
        next('send', 1, { code, where: (fd) => fd === ear.socket.fd })
        sound.peer.send('now')
        await ear.until('reset')
        expect(said).toEqual([-1, -1])
        expect([ear.log, ear.text, ear.error]).toMatchObject([['data', 'reset'], 'the answer', { code }])
        await peer.expectClosed()
        sound.peer.send(', go on')
        await sound.ear.untilText('now, go on')
      },
    )

    test('is over at once when a send fails while it is paused', async () => {
      const { ear, peer } = await rig.pair(side)
      ear.socket.pause()
      peer.send('unread')
      next('send', 1, { code: 'EPIPE' })
      ear.say('x')
      await ear.until('reset')
      expect(ear.log).toEqual(['reset'])
    })

    test.each(['ECONNRESET', 'ENOMEM', 'ETIMEDOUT', 'EHOSTUNREACH'] as const)(
      'is over when a read fails with %s',
      async (code) => {
        const { ear, peer } = await rig.pair(side)
        next('recv', 1, { code })
        peer.send('x')
        await ear.until('reset')
        expect([ear.log, ear.error]).toMatchObject([['reset'], { code }])
        expect(await peer.expectClosed()).toBe('reset')
      },
    )
  })

  test.each(['EINTR', 'EIO'] as const)('is closed although its close tells of %s', async (code) => {
    const { ear, peer } = await rig.pair('connected')
    next('close', 1, { code, isMade: true })
    ear.socket.end()
    expect(await peer.expectClosed()).toBe('ended')
    expect([ear.log, rig.faults]).toEqual([['closed'], []])
  })

  test('that cannot be watched costs one client, and is told', async () => {
    const shortages: string[] = []
    const events = {
      ...ALWAYS_ROOM,
      onAccepted: () => undefined,
      onShortage: (code: string) => shortages.push(code) > 0,
      reportFault: (error: unknown) => void rig.faults.push(error),
    }
    const bound = transport.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, events)
    const port = bound.address.kind === 'tcp' ? bound.address.port : 0
    const before = openDescriptors()
    next('epoll_ctl', 1, { code: 'ENOSPC' })
    const gone = Promise.withResolvers<void>()
    await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {}, close: () => gone.resolve() } })
    await gone.promise
    bound.stop()
    await turn()
    expect([shortages, rig.faults, openDescriptors()]).toEqual([['ENOSPC'], [], before - 1])
  })

  test.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'] as const)(
    'is let in later when accepting fails with %s, and nobody spins meanwhile',
    async (code) => {
      const { peer, ear } = await rig.pair('accepted')
      next('accept4', 2, { code })
      const before = made.accept4
      await rig.peer()
      await turnUntil(() => rests.length === 1, 'a rest')
      peer.send('beside it')
      await ear.untilText('beside it')
      expect(made.accept4 - before).toBe(1)
      rests.shift()?.()
      await turnUntil(() => rests.length === 1, 'another rest')
      expect(made.accept4 - before).toBe(2)
      rests.shift()?.()
      await turnUntil(() => rig.accepted.length === 2, 'the late one')
    },
  )

  test('is let in although the system did not let its listener rest', async () => {
    next('accept4', 2, { code: 'EMFILE' })
    next('epoll_ctl', 1, { code: 'ENOMEM' })
    await rig.peer()
    await turnUntil(() => rests.length === 1, 'a rest')
    rests.shift()?.()
    await turnUntil(() => rig.accepted.length === 1, 'the late one')
    expect(rig.faults).toEqual([])
  })

  test('is let in although the system did not let its listener wake at first', async () => {
    next('accept4', 1, { code: 'EMFILE' })
    await rig.peer()
    await turnUntil(() => rests.length === 1, 'a rest')
    next('epoll_ctl', 1, { code: 'ENOMEM' })
    rests.shift()?.()
    await turnUntil(() => rests.length === 1, 'another rest')
    rests.shift()?.()
    await turnUntil(() => rig.accepted.length === 1, 'the late one')
    expect(rig.faults).toEqual([])
  })

  test.each(['ECONNABORTED', 'EINTR', 'EPROTO', 'EPERM'] as const)(
    'is let in when one before it fails with %s',
    async (code) => {
      next('accept4', 1, { code })
      await rig.peer()
      await turnUntil(() => rig.accepted.length === 1, 'it')
      expect(rig.faults).toEqual([])
    },
  )

  test.each([
    ['socket', 'EMFILE'],
    ['socket', 'ENFILE'],
    ['socket', 'ENOBUFS'],
    ['setsockopt', 'ENOMEM'],
    ['connect', 'EADDRNOTAVAIL'],
    ['connect', 'ENETUNREACH'],
    ['connect', 'EACCES'],
    ['epoll_ctl', 'ENOSPC'],
    ['epoll_ctl', 'ENOMEM'],
  ] as const)('fails to connect, and keeps no descriptor, when %s fails with %s', async (name, code) => {
    const before = openDescriptors()
    next(name, 1, { code })
    const told = Promise.withResolvers<string>()
    transport.connects((error) => void rig.faults.push(error))(rig.endpoint, {
      onConnected: () => told.resolve('connected'),
      onFailed: told.resolve,
    })
    expect(await told.promise).toBe(code)
    expect([openDescriptors(), rig.faults]).toEqual([before, []])
  })

  test.each([
    ['socket', 'EMFILE'],
    ['setsockopt', 'EINVAL'],
    ['bind', 'EACCES'],
    ['listen', 'EADDRINUSE'],
    ['getsockname', 'ENOBUFS'],
    ['epoll_ctl', 'ENOSPC'],
  ] as const)('does not listen, and keeps no descriptor, when %s fails with %s', (name, code) => {
    const before = openDescriptors()
    next(name, 1, { code })
    const events = { ...ALWAYS_ROOM, onAccepted() {}, onShortage: () => false, reportFault() {} }
    const bind = () => transport.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, events)
    expect(bind).toThrow(expect.objectContaining({ code }))
    expect(openDescriptors()).toBe(before)
  })
})
