/** A socket of our own that listens, and accepts in batches. */
import { unlinkSync } from 'node:fs'
import type { SocketAddress } from '../../address.ts'
import type { Cancel } from '../../clock.ts'
import type { AcceptEvents, BindManner, BoundSocket } from '../transport.ts'
import { type Endpoint, shortageOf } from '../connect.ts'
import { codeOf } from '../error-code.ts'
import { BACKLOG, type ListenOptions, listenOptionsOf } from '../listen-options.ts'
import { passTime } from '../outbox.ts'
import { AF_INET6, AF_UNIX, EPOLLIN } from '../linux.ts'
import { type Calls, EAGAIN, EINVAL, ENODEV, errorName, systemError } from './calls.ts'
import { ownOf, placeOf } from './given.ts'
import {
  DEFER_ACCEPT,
  NO_DELAY,
  openSocket,
  REUSE_ADDRESS,
  REUSE_PORT,
  setOption,
  SOCK_FLAGS,
  V6_ONLY,
} from './options.ts'
import type { Watched } from './loop.ts'
import { familyAt, hostAt, pathAt, portAt, writeAddress } from './sockaddr.ts'
import { type EpollMeans, EpollSocket, READ_EVENTS, type SocketMeans } from './socket.ts'

/** Clients let in at once, before those that are there have a turn. */
const MAX_AT_ONCE = 64
/** And how long that may take, each being read at once: whoever is there feels it for each event that a request is made of. */
const MAX_BATCH_MS = 0.5
/** How long nobody is let in when the system is short of something and nothing gives way. */
const REST_MS = 100

/** Offsets in the scratch arena. */
const ADDRESS = 0
const SIZE = 128

export interface BindOptions {
  readonly endpoint: Endpoint
  readonly manner: BindManner
  readonly events: AcceptEvents
}

/** One that was given where there is one for that place, else a new one. Throws an error with the system's `code`. */
export function bindSocket(means: EpollMeans, { endpoint, manner, events }: BindOptions): BoundSocket {
  const given = means.given.byPlace.get(placeOf(endpoint))
  if (given !== undefined) return useGiven(means, given, manner, events)
  const fd = openBound(means.loop.calls, endpoint, manner)
  return listenOn(means, fd, { asked: endpoint, isGiven: false, manner, events })
}

/** One of our own of a socket that was given. Throws an error with the system's `code`. */
export function useGiven(means: EpollMeans, given: number, manner: BindManner, events: AcceptEvents): BoundSocket {
  const fd = ownOf(means.loop.calls, given)
  return listenOn(means, fd, { asked: undefined, isGiven: true, manner, events })
}

interface ListenOn extends Omit<ListeningOptions, 'address'> {
  /** Where it was to listen; undefined: somebody else has said so. */
  readonly asked: Endpoint | undefined
}

/** Takes over `fd`, which is closed should that fail. */
function listenOn(means: EpollMeans, fd: number, { asked, ...options }: ListenOn): BoundSocket {
  const { calls } = means.loop
  const { manner } = options
  try {
    const address = nameOf(means, fd, asked)
    if (address.kind === 'unix') return new Listening(fd, means, { ...options, address })
    // Those that it accepts have it as well.
    setOption(calls, fd, NO_DELAY, 1)
    if (manner.deferAccept) setOption(calls, fd, DEFER_ACCEPT, 1)
    return new Listening(fd, means, { ...options, address: manner.isV6Only ? { ...address, isV6Only: true } : address })
  } catch (error) {
    calls.call.close(fd)
    throw error
  }
}

/** Which is not there, where the address is none. */
const isAtInterface = (endpoint: Endpoint): boolean => endpoint.kind === 'ip' && endpoint.address.includes('%')

function openBound(calls: Calls, endpoint: Endpoint, manner: BindManner): number {
  const { call, scratch } = calls
  const size = writeAddress(scratch.bytes, ADDRESS, endpoint)
  if (size === undefined) throw systemError(isAtInterface(endpoint) ? ENODEV : EINVAL, 'bind')
  const family = familyAt(scratch.bytes, ADDRESS)
  const fd = openSocket(calls, family)
  try {
    const must = (result: number, what: string): void => {
      if (result < 0) throw systemError(calls.errno(), what)
    }
    if (family !== AF_UNIX) setOption(calls, fd, REUSE_ADDRESS, 1)
    if (family === AF_INET6) setOption(calls, fd, V6_ONLY, manner.isV6Only === true ? 1 : 0)
    if (manner.reusePort) setOption(calls, fd, REUSE_PORT, 1)
    must(call.bind(fd, scratch.address + ADDRESS, size), 'bind')
    must(call.listen(fd, BACKLOG), 'listen')
    return fd
  } catch (error) {
    call.close(fd)
    throw error
  }
}

/** What a socket that listens is made of. */
interface ListeningOptions {
  readonly address: SocketAddress
  /** Others have it as well: nobody may be kept out for good, and its file is not ours. */
  readonly isGiven: boolean
  readonly manner: BindManner
  readonly events: AcceptEvents
}

class Listening implements BoundSocket, Watched {
  generation = 0
  readonly address: SocketAddress
  /** Not told of one that was given: its queue is to stay for who listens there next. */
  readonly fd: number | undefined
  private readonly own: number
  private readonly means: SocketMeans
  private readonly isGiven: boolean
  private readonly events: AcceptEvents
  /** Whoever comes in brings its first bytes along. */
  private isDeferring: boolean
  private isOpen = true
  private endRest: Cancel | undefined = undefined

  constructor(own: number, means: EpollMeans, { address, isGiven, manner, events }: ListeningOptions) {
    this.fd = isGiven ? undefined : own
    this.own = own
    this.means = { ...means, isAccepted: true, reportFault: events.reportFault }
    this.address = address
    this.isGiven = isGiven
    this.events = events
    this.isDeferring = manner.deferAccept
    // Level-triggered: who is left behind a batch is told of again.
    means.loop.add(own, this, EPOLLIN)
  }

  stop(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.endRest?.()
    const { loop } = this.means
    // The socket of one that was given lives on, and would stay in the epoll.
    if (this.isGiven) loop.letGo(this.own)
    else loop.remove(this.own)
    loop.calls.call.close(this.own)
    if (this.address.kind === 'unix' && !this.isGiven) removeFile(this.address.path)
  }

  setOptions(options: ListenOptions): void {
    listenOptionsOf()?.(this.own, this.address.kind, options)
  }

  setDeferAccept(isDeferring: boolean): void {
    if (this.address.kind === 'unix' || isDeferring === this.isDeferring) return
    setOption(this.means.loop.calls, this.own, DEFER_ACCEPT, isDeferring ? 1 : 0)
    this.isDeferring = isDeferring
  }

  goOn(): void {
    if (this.endRest === undefined) return
    this.endRest()
    this.wake()
  }

  onEvents(): void {
    if (!this.events.hasRoom()) {
      this.events.onWaiting()
      return this.rest()
    }
    // Whether somebody is left is not known: if so, the next event tells.
    const { clock } = this.means.loop
    const endsAt = clock.now() + MAX_BATCH_MS
    for (let count = 0; count < MAX_AT_ONCE && this.isOpen && this.events.hasRoom(); count += 1)
      if (!this.accept() || clock.now() >= endsAt) return
  }

  onAgain(): void {}

  onFault(error: unknown): void {
    this.events.reportFault(error)
  }

  /** false: nobody is left, or can be let in. */
  private accept(): boolean {
    const { loop } = this.means
    const { call, scratch, errno } = loop.calls
    scratch.bytes.writeInt32LE(SIZE, SIZE)
    const fd = call.accept4(this.own, scratch.address + ADDRESS, scratch.address + SIZE, SOCK_FLAGS)
    if (fd < 0) return errno() !== EAGAIN && this.goOnAfter(errorName(errno()))
    const socket = new EpollSocket(fd, this.means)
    const address = this.address.kind === 'unix' ? '' : hostAt(scratch.bytes, ADDRESS)
    try {
      loop.add(fd, socket, READ_EVENTS)
    } catch (error) {
      call.close(fd)
      return this.goOnAfter(codeOf(error) ?? 'EUNKNOWN')
    }
    try {
      this.events.onAccepted(socket, address)
      if (this.isDeferring) readAtOnce(socket)
    } catch (error) {
      socket.onFault(error)
    }
    return true
  }

  /** Whether to try again at once. */
  private goOnAfter(code: string): boolean {
    if (shortageOf(code) === undefined || this.events.onShortage(code)) return true
    this.rest()
    return false
  }

  /** Who waits is kept waiting: asking again and again would let nobody else have a turn. */
  private rest(): void {
    // Where the system refuses that, it is told of them again at once.
    if (this.tells(0)) this.wakeLater()
  }

  /** Whether the loop tells of these events from now on; false: for want of something in the system. */
  private tells(events: number): boolean {
    try {
      this.means.loop.change(this.own, this, events)
      return true
    } catch {
      return false
    }
  }

  private wakeLater(): void {
    this.endRest = this.means.loop.clock.after(REST_MS, () => this.wake())
  }

  private wake(): void {
    this.endRest = undefined
    // Else nobody would be let in any more.
    if (!this.tells(EPOLLIN)) this.wakeLater()
  }
}

/** No event tells of what has been read by the time of the next wait. */
function readAtOnce(socket: EpollSocket): void {
  passTime()
  socket.onEvents(EPOLLIN)
}

/** `asked`: where it was to listen, of which the system tells the number alone; undefined: nobody has asked for a place. */
function nameOf({ loop }: EpollMeans, fd: number, asked: Endpoint | undefined): SocketAddress {
  if (asked?.kind === 'unix') return asked
  const { call, scratch, errno } = loop.calls
  scratch.bytes.fill(0, ADDRESS, SIZE)
  scratch.bytes.writeInt32LE(SIZE, SIZE)
  if (call.getsockname(fd, scratch.address + ADDRESS, scratch.address + SIZE) < 0)
    throw systemError(errno(), 'getsockname')
  if (familyAt(scratch.bytes, ADDRESS) === AF_UNIX) return { kind: 'unix', path: pathAt(scratch.bytes, ADDRESS) }
  const host = asked?.kind === 'ip' && asked.address.includes('%') ? asked.address : hostAt(scratch.bytes, ADDRESS)
  return { kind: 'tcp', host, port: portAt(scratch.bytes, ADDRESS) }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody was faster.
  }
}
