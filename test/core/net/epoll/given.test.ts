import { describe, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Calls, loadCalls } from '../../../../core/net/epoll/calls.ts'
import { findGiven, ownOf } from '../../../../core/net/epoll/given.ts'
import { openPair } from '../../../../core/net/epoll/options.ts'
import { listenAt } from '../../../support/given-socket.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const calls = loadCalls() as Calls

describe.if(process.platform === 'linux')('sockets that were given', () => {
  test('are known by where they listen', () => {
    const four = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const path = join(temporaryFolder(), 'web')
    const unix = listenAt({ kind: 'unix', path })
    expect([...findGiven(calls, [four.fd, unix.fd])]).toEqual([
      [`[127.0.0.1]:${four.port}`, four.fd],
      [path, unix.fd],
    ])
  })

  test('are none where something else was given: a file, a connection, nothing', () => {
    const file = openSync('/dev/null', 'r')
    const [one, other] = openPair(calls)
    expect(findGiven(calls, [file, one, 999, -1]).size).toBe(0)
    for (const fd of [one, other, file]) closeSync(fd)
  })

  test('have as many descriptors as are wanted, and go on when one is closed', () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const own = ownOf(calls, fd)
    expect(own).not.toBe(fd)
    closeSync(own)
    expect(findGiven(calls, [fd]).get(`[127.0.0.1]:${port}`)).toBe(fd)
    expect(() => ownOf(calls, 999)).toThrow('EBADF')
  })
})
