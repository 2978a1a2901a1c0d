/** Socket addresses as C has them: ip(7), ipv6(7), unix(7). Linux, on x86-64 and arm64. */
import { networkInterfaces } from 'node:os'
import { formatIp, parseIp } from '../../ip/address.ts'
import type { Endpoint } from '../connect.ts'
import type { End } from '../ends.ts'
import type { Calls } from './calls.ts'
import { AF_INET, AF_INET6, AF_UNIX } from '../linux.ts'

/** In the scratch arena, behind an address: how much room that has, and at last how much it takes. */
const SIZE = 128

/** The largest: a sockaddr_un. */
export const ADDRESS_BYTES = 110
/** sun_path, its zero at the end included. */
export const MAX_PATH_BYTES = 107

/** Writes `endpoint` at `at`; returns its size, or undefined where it fits in none. */
export function writeAddress(bytes: Buffer, at: number, endpoint: Endpoint): number | undefined {
  if (endpoint.kind === 'unix') return writePath(bytes, at, endpoint.path)
  const { port } = endpoint
  const [address = '', zone] = endpoint.address.split('%')
  const ip = parseIp(address)
  const scope = zone === undefined ? 0 : scopeOf(zone)
  if (scope === undefined || ip === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) return undefined
  bytes.fill(0, at, at + 28)
  bytes.writeUInt16LE(typeof ip === 'number' ? AF_INET : AF_INET6, at)
  bytes.writeUInt16BE(port, at + 2)
  if (typeof ip === 'number') {
    bytes.writeUInt32BE(ip, at + 4)
    return 16
  }
  for (let group = 0; group < 8; group += 1) bytes.writeUInt16BE(ip.charCodeAt(group), at + 8 + 2 * group)
  bytes.writeUInt32LE(scope, at + 24)
  return 28
}

/** Of an interface by its name or number (RFC 4007 11); undefined: there is none that has link-local addresses. */
function scopeOf(zone: string): number | undefined {
  if (/^\d+$/.test(zone)) return Number(zone)
  const scope = networkInterfaces()[zone]?.find((one) => one.family === 'IPv6' && one.scopeid !== 0)
  return scope?.family === 'IPv6' ? scope.scopeid : undefined
}

export const familyAt = (bytes: Buffer, at: number): number => bytes.readUInt16LE(at)

export const portAt = (bytes: Buffer, at: number): number => bytes.readUInt16BE(at + 2)

/** The IP address at `at`, an IPv4 one in IPv6 as IPv4; '' for a Unix socket. */
export function hostAt(bytes: Buffer, at: number): string {
  const family = familyAt(bytes, at)
  if (family === AF_INET) return `${bytes[at + 4]}.${bytes[at + 5]}.${bytes[at + 6]}.${bytes[at + 7]}`
  if (family !== AF_INET6) return ''
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(at + 8 + 2 * group))
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  const value = isMapped ? bytes.readUInt32BE(at + 20) : String.fromCharCode(...groups)
  return formatIp(value)
}

/** One end of a connected socket; undefined: it is gone, or has no address. */
export function endAt(calls: Calls, fd: number, which: 'getsockname' | 'getpeername'): End | undefined {
  const { bytes, address } = calls.scratch
  bytes.writeInt32LE(SIZE, SIZE)
  if (calls.call[which](fd, address, address + SIZE) < 0) return undefined
  const host = hostAt(bytes, 0)
  return host === '' ? undefined : { address: host, port: portAt(bytes, 0) }
}

/** The path of a Unix socket at `at`, behind which there are zeros; '' for one that has none. */
export function pathAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at + 2)
  return bytes.toString('utf8', at + 2, end)
}

function writePath(bytes: Buffer, at: number, path: string): number | undefined {
  const size = Buffer.byteLength(path)
  if (size === 0 || size > MAX_PATH_BYTES || path.includes('\0')) return undefined
  bytes.writeUInt16LE(AF_UNIX, at)
  bytes.write(path, at + 2)
  bytes[at + 2 + size] = 0
  return 2 + size + 1
}
