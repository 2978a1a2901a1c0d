import { describe, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Calls, loadCalls } from '../../../../core/net/epoll/calls.ts'
import { findGiven, type GivenSockets, ownOf } from '../../../../core/net/epoll/given.ts'
import { bindSocket } from '../../../../core/net/epoll/listening.ts'
import { EpollLoop } from '../../../../core/net/epoll/loop.ts'
import { F_SETFL } from '../../../../core/net/linux.ts'
import { openPair } from '../../../../core/net/epoll/options.ts'
import type { EpollMeans } from '../../../../core/net/epoll/socket.ts'
import { ALWAYS_ROOM, PLAIN } from '../../../../core/net/transport.ts'
import { systemClock } from '../../../../core/clock.ts'
import { fail } from '../../../support/fail.ts'
import { faultyCalls } from '../../../support/faulty-calls.ts'
import { listenAt } from '../../../support/given-socket.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const calls = loadCalls() as Calls

const given = (...descriptors: readonly number[]): GivenSockets =>
  findGiven(
    calls,
    descriptors.map((fd) => ({ fd, name: undefined })),
  )

describe.if(process.platform === 'linux')('sockets that were given', () => {
  test('are known by where they listen', () => {
    const four = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const path = join(temporaryFolder(), 'web')
    const unix = listenAt({ kind: 'unix', path })
    expect(given(four.fd, unix.fd).byPlace).toEqual(
      new Map([
        [`[127.0.0.1]:${four.port}`, four.fd],
        [path, unix.fd],
      ]),
    )
  })

  test('are known by the names of their units, which several may share', () => {
    const sockets = [1, 2, 3].map(() => listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 }).fd)
    const [one, two, three] = sockets as [number, number, number]
    const named = [
      { fd: one, name: 'web' },
      { fd: two, name: 'admin' },
      { fd: three, name: 'web' },
    ]
    expect(findGiven(calls, named).byName).toEqual(
      new Map([
        ['web', [one, three]],
        ['admin', [two]],
      ]),
    )
  })

  test('are none where something else was given: a file, a connection, nothing', () => {
    const file = openSync('/dev/null', 'r')
    const [one, other] = openPair(calls)
    expect(given(file, one, 999, -1).byPlace.size).toBe(0)
    for (const fd of [one, other, file]) closeSync(fd)
  })

  test('are let go of when they are stopped, and can be had again', () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const loop = new EpollLoop(calls, systemClock, calls.call.epoll_create1(0))
    const means = { loop, given: given(fd) } as EpollMeans
    const events = { ...ALWAYS_ROOM, onAccepted: fail, onShortage: fail, reportFault: fail }
    const endpoint = { kind: 'ip', address: '127.0.0.1', port } as const
    for (let time = 0; time < 3; time += 1) {
      const bound = bindSocket(means, { endpoint, manner: PLAIN, events })
      expect([bound.address, bound.fd]).toEqual([{ kind: 'tcp', host: '127.0.0.1', port }, undefined])
      bound.stop()
    }
  })

  test('have as many descriptors as are wanted, and go on when one is closed', () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const own = ownOf(calls, fd)
    expect(own).not.toBe(fd)
    closeSync(own)
    expect(given(fd).byPlace.get(`[127.0.0.1]:${port}`)).toBe(fd)
    expect(() => ownOf(calls, 999)).toThrow('EBADF')
  })

  test('are not taken where they would wait, and leave no descriptor', () => {
    const { fd } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const faulty = faultyCalls()
    const closed: number[] = []
    faulty.watch('close', (result) => closed.push(result))
    faulty.next('fcntl', 1, { code: 'EPERM', where: (_fd, command) => command === F_SETFL })
    expect(() => ownOf(faulty.calls, fd)).toThrow('fcntl: EPERM')
    expect(closed).toEqual([0])
  })
})
