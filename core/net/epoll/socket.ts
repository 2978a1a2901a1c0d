/**
 * One connected socket of our own. It is in the epoll once, edge-triggered: what has come is read until nothing is left, up to
 * `MAX_PIECES` before others have a turn. To pause is not to read; that it can be written to is asked for after a short
 * send alone.
 */
import { outbox } from '../outbox.ts'
import type { ReportFault } from '../event.ts'
import type { Ends } from '../ends.ts'
import type { Pipe } from '../pipe.ts'
import type { OwnedSocket, SocketOwner } from '../wire-socket.ts'
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from '../linux.ts'
import { EAGAIN, ECONNRESET, EINTR, systemError } from './calls.ts'
import type { GivenSockets } from './given.ts'
import type { EpollLoop, Watched } from './loop.ts'
import { endAt } from './sockaddr.ts'
import { FIRST_BYTES, LARGE_BYTES, type ReceiveMemory, SMALL_BYTES } from './memory.ts'

/** What every socket is told of. */
export const READ_EVENTS = EPOLLIN | EPOLLRDHUP | EPOLLET
const ENDS = EPOLLRDHUP | EPOLLHUP | EPOLLERR

/** Reads in a row of one socket. */
const MAX_PIECES = 8
/** And large ones: together 512 KiB, or 2 MiB unread. */
const MAX_LARGE_PIECES = 2

/** The last segment waits to be filled. */
const FOLLOWED = MSG_NOSIGNAL | MSG_MORE
export const SPLICE_FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK
const NULL = 0
/** Into a pipe at once: what it is sure to take where pages are full, so that 1 MiB passes in one piece. */
const PIPED_BYTES = 1024 * 1024

/** Of one that nobody has been told of yet, or that is not let in. */
const NOBODY: SocketOwner = { received() {}, drained() {}, peerEnded() {}, closed() {} }

/** What all sockets of a process share. */
export interface EpollMeans {
  readonly loop: EpollLoop
  readonly memory: ReceiveMemory
  /** What listens already, and is not to be bound. */
  readonly given: GivenSockets
  /** Where the outbox lies. */
  readonly outboxAddress: number
  /** Where a struct linger lies that has a close reset. */
  readonly resetAddress: number
}

/** And what those of one listener share, or all that we connect: a socket has little of its own, since there are many. */
export interface SocketMeans extends EpollMeans {
  /** They have come to us: heads in their pieces may be kept, and when one resets, nobody is left to answer. */
  readonly isAccepted: boolean
  readonly reportFault: ReportFault
}

export class EpollSocket implements OwnedSocket, Watched {
  generation = 0
  data: SocketOwner = NOBODY
  readonly fd: number
  private readonly means: SocketMeans
  private isOpen = true
  private isPaused = false
  /** Something may be there to read: an event has said so, and no read yet that nothing is left. */
  private mayRead = false
  /** An end or an error has been told of: a short read is not the last. */
  private isEnding = false
  /** A reset, or the end of both sides, has been told of: the system says so once, and not where an end came before it. */
  private isDead = false
  private hasPeerEnded = false
  private hasShut = false
  /** What it brings may be overwritten at once. */
  private isLent: boolean
  /** What the next read may bring: more each time that one has brought all of that. */
  private most: number
  /** It waits in the loop for another turn. */
  private isInLine = false
  /** Where the next `left` bytes that come go, unread. */
  private pipe: Pipe | undefined = undefined
  private left = 0
  /** Sees what comes next before anybody reads it. */
  private look: ((bytes: Buffer) => void) | undefined = undefined
  private isBlocked = false
  /** A send has failed: it is over as soon as what has come is read. */
  private failure = 0

  /** Takes over `fd`, which is connected; whoever makes it adds it to the loop. */
  constructor(fd: number, means: SocketMeans) {
    this.fd = fd
    this.means = means
    this.isLent = !means.isAccepted
    this.most = means.isAccepted ? FIRST_BYTES : SMALL_BYTES
  }

  write(bytes: Buffer, offset: number, length: number): number {
    if (!this.isOpen || this.failure !== 0) return -1
    const { loop, memory, outboxAddress } = this.means
    const { calls } = loop
    const address = (bytes === outbox.bytes ? outboxAddress : memory.addressOf(bytes)) + offset
    const sent = calls.call.send(this.fd, address, length, outbox.isFollowed ? FOLLOWED : MSG_NOSIGNAL)
    return sent === length ? sent : this.wroteLess(sent)
  }

  sendFrom(pipe: Pipe): number {
    if (!this.isOpen || this.failure !== 0) return -1
    const { call } = this.means.loop.calls
    const { pending } = pipe
    const sent = call.splice(pipe.reader, NULL, this.fd, NULL, pending, SPLICE_FLAGS)
    if (sent > 0) pipe.onLeft(sent)
    return sent === pending ? sent : this.wroteLess(sent)
  }

  /** The kernel has not taken all: asks to be told when it takes more. `sent` < 0: it failed. */
  private wroteLess(sent: number): number {
    const { loop } = this.means
    const errno = sent < 0 ? loop.calls.errno() : 0
    if (errno !== 0 && errno !== EAGAIN && errno !== EINTR) {
      this.failure = errno
      this.mayRead = true
      this.isEnding = true
      this.standInLine()
      return -1
    }
    if (!this.isBlocked) {
      this.isBlocked = true
      // Each time anew: so it is told of, too, where it can be written to by now.
      loop.change(this.fd, this, READ_EVENTS | EPOLLOUT)
    }
    return Math.max(0, sent)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (this.mayRead) this.standInLine()
  }

  readLent(): void {
    this.isLent = true
  }

  readLittle(): void {
    this.most = FIRST_BYTES
  }

  ends(): Ends | undefined {
    if (!this.isOpen) return undefined
    const { calls } = this.means.loop
    const [local, remote] = [endAt(calls, this.fd, 'getsockname'), endAt(calls, this.fd, 'getpeername')]
    return local && remote && { local, remote }
  }

  pipeInto(pipe: Pipe | undefined, length: number): void {
    if (pipe === undefined) return this.endPiping()
    this.pipe = pipe
    this.left = length
  }

  lookFirst(look: (bytes: Buffer) => void): void {
    this.look = look
  }

  /** What comes next begins small: a large piece would hold much that need not be read at all. */
  private endPiping(): void {
    this.pipe = undefined
    this.most = SMALL_BYTES
  }

  shutdown(): void {
    if (!this.isOpen) return
    this.hasShut = true
    this.means.loop.calls.call.shutdown(this.fd, SHUT_WR)
  }

  end(): void {
    this.close(undefined)
  }

  terminate(): void {
    if (!this.isOpen) return
    const { loop, resetAddress } = this.means
    loop.calls.call.setsockopt(this.fd, SOL_SOCKET, SO_LINGER, resetAddress, 8)
    this.close(undefined)
  }

  /** Gives its descriptor away, for good: nothing is heard of it here any more, and its owner is told nothing. */
  handOver(): number {
    if (!this.isOpen) throw new Error('a closed socket was to be handed over')
    this.isOpen = false
    this.means.loop.letGo(this.fd)
    return this.fd
  }

  onEvents(events: number): void {
    // Nobody is left to answer, and what was sent before the reset is worth nothing.
    if ((events & EPOLLERR) !== 0 && this.means.isAccepted) return this.close(ECONNRESET)
    if ((events & EPOLLOUT) !== 0 && this.isBlocked) {
      this.isBlocked = false
      this.data.drained()
    }
    if ((events & (EPOLLIN | ENDS)) === 0) return
    this.mayRead = true
    if ((events & ENDS) !== 0) this.isEnding = true
    if ((events & (EPOLLERR | EPOLLHUP)) !== 0) this.isDead = true
    if (!this.isPaused) this.read()
    else if (this.isDead) this.closeIfNothingIsLeft()
  }

  onAgain(): void {
    this.isInLine = false
    if (!this.isPaused) this.read()
    else if (this.failure !== 0) this.close(this.failure)
  }

  onFault(error: unknown): void {
    const { reportFault } = this.means
    reportFault(error)
    try {
      this.terminate()
    } catch (another) {
      reportFault(another)
    }
  }

  /** Reads for as long as something is there, it is taken, and it is this socket's turn. */
  private read(): void {
    for (let pieces = 0; this.mayRead && this.isOpen && !this.isPaused; pieces += 1) {
      if (pieces === (this.most === LARGE_BYTES ? MAX_LARGE_PIECES : MAX_PIECES)) {
        this.standInLine()
        return
      }
      this.readPiece()
    }
  }

  private readPiece(): void {
    if (this.look !== undefined) this.showTo(this.look)
    else if (this.pipe === undefined) this.readBytes()
    else this.readInto(this.pipe)
  }

  /** An end or an error is read as ever. */
  private showTo(look: (bytes: Buffer) => void): void {
    const { loop, memory } = this.means
    memory.makeRoom(SMALL_BYTES)
    const address = memory.slab.address + memory.used
    const length = loop.calls.call.recv(this.fd, address, SMALL_BYTES, MSG_PEEK)
    if (length <= 0) return this.readNothing(length)
    this.look = undefined
    look(memory.slab.bytes.subarray(memory.used, memory.used + length))
  }

  /** Into the pipe, which is empty: whoever did not take what was in it would not have us read. */
  private readInto(pipe: Pipe): void {
    const { call } = this.means.loop.calls
    const length = call.splice(this.fd, NULL, pipe.writer, NULL, Math.min(this.left, PIPED_BYTES), SPLICE_FLAGS)
    if (length <= 0) return this.readNothing(length)
    pipe.pending += length
    this.left -= length
    if (this.left === 0) this.endPiping()
    this.data.piped?.(length)
  }

  private readBytes(): void {
    const { loop, memory } = this.means
    const { calls } = loop
    const { most } = this
    const isLent = most === LARGE_BYTES || this.isLent
    const room = isLent ? most : memory.makeRoom(undefined, most)
    const address = isLent ? memory.large.address : memory.slab.address + memory.used
    const length = calls.call.recv(this.fd, address, room, 0)
    if (length <= 0) {
      this.readNothing(length)
      return
    }
    if (length < room) this.mayRead = this.isEnding
    if (length === most) this.most = most === FIRST_BYTES ? SMALL_BYTES : LARGE_BYTES
    else if (most === LARGE_BYTES && length <= SMALL_BYTES) this.most = SMALL_BYTES
    this.data.received(isLent ? memory.lentPiece(length) : memory.take(length))
  }

  private readNothing(result: number): void {
    const errno = result < 0 ? this.means.loop.calls.errno() : 0
    if (errno === EINTR) return
    this.mayRead = false
    if (this.failure !== 0) this.close(this.failure)
    else if (errno === EAGAIN) return
    else if (errno !== 0) this.close(errno)
    else this.readEnd()
  }

  private readEnd(): void {
    if (!this.hasPeerEnded) {
      this.hasPeerEnded = true
      this.data.peerEnded()
    }
    // Nothing comes any more, and nothing can be sent.
    if (this.hasShut || this.isDead) this.close(this.hasShut ? undefined : ECONNRESET)
  }

  /** Dead while nobody reads: what came before is still to be had, and an end behind our own is told of when it is read. */
  private closeIfNothingIsLeft(): void {
    const { loop, memory } = this.means
    memory.makeRoom()
    const peeked = loop.calls.call.recv(this.fd, memory.slab.address + memory.used, 1, MSG_PEEK)
    if (peeked < 0 || (peeked === 0 && !this.hasShut)) this.close(ECONNRESET)
  }

  private standInLine(): void {
    if (this.isInLine) return
    this.isInLine = true
    this.means.loop.again(this)
  }

  private close(errno: number | undefined): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { loop } = this.means
    loop.remove(this.fd)
    loop.calls.call.close(this.fd)
    this.data.closed(errno === undefined ? undefined : systemError(errno, 'socket'))
  }
}
