/** A socket that listens, as systemd gives them. */
import { onTestFinished } from 'bun:test'
import { loadCalls } from '../../core/net/epoll/calls.ts'
import { openSocket } from '../../core/net/epoll/options.ts'
import { familyAt, portAt, writeAddress } from '../../core/net/epoll/sockaddr.ts'
import type { Endpoint } from '../../core/net/connect.ts'
import { F_SETFL } from '../../core/net/linux.ts'

export interface GivenSocket {
  readonly fd: number
  /** 0 for a Unix socket. */
  readonly port: number
}

/** Listens for as long as the test runs, and accepts nobody. As systemd's, it waits when it is asked for one who is not there. */
export function listenAt(endpoint: Endpoint): GivenSocket {
  const calls = loadCalls()
  if (calls === undefined) throw new Error('there is no libc')
  const { call, scratch } = calls
  const size = writeAddress(scratch.bytes, 0, endpoint) ?? 0
  const fd = openSocket(calls, familyAt(scratch.bytes, 0))
  call.fcntl(fd, F_SETFL, 0)
  if (call.bind(fd, scratch.address, size) < 0 || call.listen(fd, 100) < 0) throw new Error('it cannot listen')
  onTestFinished(() => void call.close(fd))
  scratch.bytes.writeInt32LE(128, 128)
  call.getsockname(fd, scratch.address, scratch.address + 128)
  return { fd, port: endpoint.kind === 'unix' ? 0 : portAt(scratch.bytes, 0) }
}
