/**
 * What is undocumented is tried before anybody depends on it: how C lays out what we give it, and what comes back. So is each
 * call that a filter of the system (seccomp) may refuse: a socket would find it out with somebody's bytes in its hands.
 */
import { AF_UNIX, EPOLLIN, EPOLLOUT, SHUT_WR, SO_ERROR, SOL_SOCKET } from '../linux.ts'
import { type Calls, systemError } from './calls.ts'
import type { EpollLoop, Watched } from './loop.ts'
import { openPair, openPipe, openSocket, REUSE_ADDRESS, setOption, SOCK_FLAGS } from './options.ts'
import { ADDRESS_BYTES } from './sockaddr.ts'
import { READ_EVENTS, SPLICE_FLAGS } from './socket.ts'

/** Offsets in the scratch arena: what is sent, an address, its size and the value of an option, what has come. */
const [SENT, ADDRESS, SIZE, VALUE, CAME] = [0, 0, 192, 196, 256] as const
const TEXT = 'hello'

/** Throws with the reason in words. */
export function testLoop(loop: EpollLoop): void {
  withPair(loop.calls, (one, other) => testEvents(loop, one, other))
  withPair(loop.calls, (one, other) => testPipe(loop.calls, one, other))
  testListening(loop.calls)
}

function withPair(calls: Calls, run: (one: number, other: number) => void): void {
  const [one, other] = openPair(calls)
  try {
    run(one, other)
  } finally {
    calls.call.close(one)
    calls.call.close(other)
  }
}

function testEvents(loop: EpollLoop, one: number, other: number): void {
  const { call, scratch, errno } = loop.calls
  const seen: number[] = []
  const watched: Watched = {
    generation: 0,
    onEvents: (events) => void seen.push(events),
    onAgain() {},
    onFault(error) {
      throw error
    },
  }
  loop.add(one, watched, READ_EVENTS | EPOLLOUT)
  try {
    const isSent = send(loop.calls, other)
    loop.look()
    if (!isSent || !hasCome(loop.calls, one)) throw new Error('bytes do not arrive as they were sent')
    if (seen.length !== 1 || seen[0] !== (EPOLLIN | EPOLLOUT))
      throw new Error(`epoll tells ${JSON.stringify(seen)} of a pair`)
    if (call.recv(-1, scratch.address, 1, 0) !== -1 || errno() !== 9) throw new Error('errno is not told')
  } finally {
    loop.remove(one)
  }
}

/** From one socket through a pipe into the other's hands. */
function testPipe(calls: Calls, one: number, other: number): void {
  const { call, errno } = calls
  const pipe = openPipe(calls)
  if (pipe === undefined) throw systemError(errno(), 'pipe2')
  try {
    send(calls, other)
    must(calls, call.splice(one, 0, pipe.writer, 0, TEXT.length, SPLICE_FLAGS), 'splice')
    must(calls, call.splice(pipe.reader, 0, one, 0, TEXT.length, SPLICE_FLAGS), 'splice')
    if (!hasCome(calls, other)) throw new Error('bytes do not leave a pipe as they came into it')
  } finally {
    pipe.close()
  }
}

/** At an address that the system makes up, unix(7): so no port is taken, and no network is needed. */
function testListening(calls: Calls): void {
  const { call, scratch } = calls
  const opened: number[] = []
  const open = (): number => {
    const fd = openSocket(calls, AF_UNIX)
    opened.push(fd)
    return fd
  }
  const address = scratch.address + ADDRESS
  const size = scratch.address + SIZE
  try {
    const listening = open()
    scratch.bytes.writeUInt16LE(AF_UNIX, ADDRESS)
    must(calls, call.bind(listening, address, 2), 'bind')
    must(calls, call.listen(listening, 1), 'listen')
    scratch.bytes.writeInt32LE(ADDRESS_BYTES, SIZE)
    must(calls, call.getsockname(listening, address, size), 'getsockname')
    const client = open()
    must(calls, call.connect(client, address, scratch.bytes.readInt32LE(SIZE)), 'connect')
    scratch.bytes.writeInt32LE(ADDRESS_BYTES, SIZE)
    opened.push(must(calls, call.accept4(listening, address, size, SOCK_FLAGS), 'accept4'))
    setOption(calls, client, REUSE_ADDRESS, 1)
    scratch.bytes.writeInt32LE(4, SIZE)
    must(calls, call.getsockopt(client, SOL_SOCKET, SO_ERROR, scratch.address + VALUE, size), 'getsockopt')
    must(calls, call.shutdown(client, SHUT_WR), 'shutdown')
  } finally {
    for (const fd of opened) call.close(fd)
  }
}

function must({ errno }: Calls, result: number, what: string): number {
  if (result < 0) throw systemError(errno(), what)
  return result
}

function send({ call, scratch }: Calls, fd: number): boolean {
  scratch.bytes.write(TEXT, SENT)
  return call.send(fd, scratch.address + SENT, TEXT.length, 0) === TEXT.length
}

function hasCome({ call, scratch }: Calls, fd: number): boolean {
  const length = call.recv(fd, scratch.address + CAME, 64, 0)
  return length === TEXT.length && scratch.bytes.toString('latin1', CAME, CAME + length) === TEXT
}
