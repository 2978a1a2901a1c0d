/** A connect of our own, which can be given up: the descriptor is closed at once. */
import type { Connect, ConnectEvents, Endpoint } from '../connect.ts'
import { codeOf } from '../error-code.ts'
import { inEvent, type ReportFault } from '../event.ts'
import { EPOLLOUT, SO_ERROR, SOL_SOCKET } from '../linux.ts'
import { EINPROGRESS, EINVAL, errorName, systemError } from './calls.ts'
import type { Watched } from './loop.ts'
import { NO_DELAY, openSocket, setOption } from './options.ts'
import { familyAt, writeAddress } from './sockaddr.ts'
import { type EpollMeans, EpollSocket, READ_EVENTS, type SocketMeans } from './socket.ts'

/** Offsets in the scratch arena. */
const ADDRESS = 0
const VALUE = 128
const SIZE = 136

export function connectByEpoll(means: EpollMeans, reportFault: ReportFault): Connect {
  const own: SocketMeans = { ...means, isAccepted: false, reportFault }
  return (endpoint, events) => {
    const connecting = new Connecting(own, events)
    try {
      connecting.begin(endpoint)
    } catch (error) {
      queueMicrotask(() => inEvent(reportFault, () => connecting.fail(codeOf(error) ?? 'EUNKNOWN')))
    }
    return () => connecting.cancel()
  }
}

class Connecting implements Watched {
  generation = 0
  private readonly means: SocketMeans
  private readonly events: ConnectEvents
  /** -1: there is none, or it is in other hands. */
  private fd = -1
  private isOver = false
  /** What has become of it. */
  private socket: EpollSocket | undefined = undefined

  constructor(means: SocketMeans, events: ConnectEvents) {
    this.means = means
    this.events = events
  }

  /** Throws an error with the system's `code`. */
  begin(endpoint: Endpoint): void {
    const { loop } = this.means
    const { calls } = loop
    const { call, scratch } = calls
    const size = writeAddress(scratch.bytes, ADDRESS, endpoint)
    if (size === undefined) throw systemError(EINVAL, 'connect')
    const fd = openSocket(calls, familyAt(scratch.bytes, ADDRESS))
    try {
      if (endpoint.kind === 'ip') setOption(calls, fd, NO_DELAY, 1)
      const errno = call.connect(fd, scratch.address + ADDRESS, size) === 0 ? 0 : calls.errno()
      if (errno !== 0 && errno !== EINPROGRESS) throw systemError(errno, 'connect')
      // Done or not, it is told of when it can be written to.
      loop.add(fd, this, READ_EVENTS | EPOLLOUT)
    } catch (error) {
      call.close(fd)
      throw error
    }
    this.fd = fd
  }

  cancel(): void {
    this.isOver = true
    this.close()
  }

  fail(code: string): void {
    this.close()
    if (this.isOver) return
    this.isOver = true
    this.events.onFailed(code)
  }

  onEvents(events: number): void {
    const { loop } = this.means
    const { call, scratch } = loop.calls
    scratch.bytes.writeInt32LE(4, SIZE)
    call.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, scratch.address + VALUE, scratch.address + SIZE)
    const errno = scratch.bytes.readInt32LE(VALUE)
    if (errno !== 0) return this.fail(errorName(errno))
    if ((events & EPOLLOUT) === 0) return
    const { fd } = this
    this.fd = -1
    this.isOver = true
    const socket = new EpollSocket(fd, this.means)
    this.socket = socket
    loop.replace(fd, socket)
    this.events.onConnected(socket)
    // What came along with the connect is told of once.
    if ((events & ~EPOLLOUT) !== 0) socket.onEvents(events & ~EPOLLOUT)
  }

  onAgain(): void {}

  onFault(error: unknown): void {
    if (this.socket !== undefined) return this.socket.onFault(error)
    this.means.reportFault(error)
    this.close()
  }

  private close(): void {
    if (this.fd < 0) return
    const { loop } = this.means
    loop.remove(this.fd)
    loop.calls.call.close(this.fd)
    this.fd = -1
  }
}
