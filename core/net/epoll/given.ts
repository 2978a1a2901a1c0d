/** Which socket that was given listens where, and one of our own of it. */
import { namedDescriptors } from '../given-sockets.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  F_DUPFD_CLOEXEC,
  F_SETFL,
  O_NONBLOCK,
  SO_ACCEPTCONN,
  SOL_SOCKET,
} from '../linux.ts'
import type { Endpoint } from '../connect.ts'
import { type Calls, systemError } from './calls.ts'
import { familyAt, hostAt, pathAt, portAt } from './sockaddr.ts'

/** Offsets in the scratch arena. */
const [ADDRESS, SIZE, VALUE] = [0, 128, 132] as const

export interface GivenSockets {
  /** Descriptors by `placeOf` where they listen. */
  readonly byPlace: ReadonlyMap<string, number>
  /** By the name of their unit. */
  readonly byName: ReadonlyMap<string, readonly number[]>
}

export const placeOf = (endpoint: Endpoint): string =>
  endpoint.kind === 'unix' ? endpoint.path : `[${endpoint.address.replace(/%.*/, '')}]:${endpoint.port}`

/** What does not listen, or is no socket at all, is left alone. */
export function findGiven(calls: Calls, descriptors = namedDescriptors(process.env)): GivenSockets {
  const byPlace = new Map<string, number>()
  const byName = new Map<string, number[]>()
  for (const { fd, name } of descriptors) {
    const place = listens(calls, fd) ? placeAt(calls, fd) : undefined
    if (place === undefined) continue
    byPlace.set(place, fd)
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), fd])
  }
  return { byPlace, byName }
}

/**
 * Another descriptor of the same socket, that nothing waits on: to close it is to accept no more, and who is in the queue stays
 * there. Throws an error with the system's `code`.
 */
export function ownOf({ call, errno }: Calls, given: number): number {
  const fd = call.fcntl(given, F_DUPFD_CLOEXEC, 0)
  if (fd < 0) throw systemError(errno(), 'fcntl')
  if (call.fcntl(fd, F_SETFL, O_NONBLOCK) === 0) return fd
  // One that waits would stop the process where nobody is in its queue.
  const error = systemError(errno(), 'fcntl')
  call.close(fd)
  throw error
}

function listens({ call, scratch }: Calls, fd: number): boolean {
  scratch.bytes.writeInt32LE(4, SIZE)
  const result = call.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, scratch.address + VALUE, scratch.address + SIZE)
  return result === 0 && scratch.bytes.readInt32LE(VALUE) === 1
}

function placeAt({ call, scratch }: Calls, fd: number): string | undefined {
  scratch.bytes.fill(0, ADDRESS, SIZE)
  scratch.bytes.writeInt32LE(SIZE, SIZE)
  if (call.getsockname(fd, scratch.address + ADDRESS, scratch.address + SIZE) < 0) return undefined
  const family = familyAt(scratch.bytes, ADDRESS)
  if (family === AF_UNIX) return placeOf({ kind: 'unix', path: pathAt(scratch.bytes, ADDRESS) })
  if (family !== AF_INET && family !== AF_INET6) return undefined
  return placeOf({ kind: 'ip', address: hostAt(scratch.bytes, ADDRESS), port: portAt(scratch.bytes, ADDRESS) })
}
