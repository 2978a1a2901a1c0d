/** What is undocumented is tried before anybody depends on it: how C lays out what we give it, and what comes back. */
import { EPOLLIN, EPOLLOUT } from '../linux.ts'
import type { EpollLoop, Watched } from './loop.ts'
import { openPair } from './options.ts'
import { READ_EVENTS } from './socket.ts'

/** Throws with the reason in words. */
export function testLoop(loop: EpollLoop): void {
  const { calls } = loop
  const { call, scratch } = calls
  const [one, other] = openPair(calls)
  const seen: number[] = []
  const watched: Watched = {
    generation: 0,
    onEvents: (events) => void seen.push(events),
    onAgain() {},
    onFault(error) {
      throw error
    },
  }
  try {
    loop.add(one, watched, READ_EVENTS | EPOLLOUT)
    scratch.bytes.write('hello')
    const sent = call.send(other, scratch.address, 5, 0)
    loop.look()
    const received = call.recv(one, scratch.address + 64, 64, 0)
    const text = scratch.bytes.toString('latin1', 64, 69)
    if (sent !== 5 || received !== 5 || text !== 'hello') throw new Error('bytes do not arrive as they were sent')
    if (seen.length !== 1 || seen[0] !== (EPOLLIN | EPOLLOUT))
      throw new Error(`epoll tells ${JSON.stringify(seen)} of a pair`)
    if (call.recv(-1, scratch.address, 1, 0) !== -1 || calls.errno() !== 9) throw new Error('errno is not told')
  } finally {
    loop.remove(one)
    call.close(one)
    call.close(other)
  }
}
