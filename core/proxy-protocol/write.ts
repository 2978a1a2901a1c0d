/** PROXY headers, written: pure, the inverse of `read.ts`. */
import { parseIp } from '../ip/address.ts'
import { crc32c } from './crc32c.ts'
import * as kind from './header.ts'
import type { Route, Told } from './header.ts'

/** `route` undefined: the connection is for nobody else, or for somebody without an address. */
export function writeV1(route: Route | undefined): Buffer {
  if (route === undefined) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
  const { source, destination } = inOneFamily(route)
  const family = source.address.includes(':') ? 'TCP6' : 'TCP4'
  const text = `PROXY ${family} ${source.address} ${destination.address} ${source.port} ${destination.port}\r\n`
  return Buffer.from(text, 'latin1')
}

export interface V2Options {
  readonly told?: Told
  /** Whether a checksum goes with it. */
  readonly hasChecksum?: boolean
}

/** `route` undefined: as with `writeV1`, yet a PROXY command, so that what is told counts. */
export function writeV2(route: Route | undefined, { told = {}, hasChecksum = false }: V2Options = {}): Buffer {
  const pair = route && inOneFamily(route)
  const addresses = pair === undefined ? Buffer.alloc(0) : addressBytes(pair)
  const family = pair === undefined ? kind.UNSPECIFIED : addresses.length === 12 ? kind.TCP4 : kind.TCP6
  return assemble(kind.PROXY_COMMAND, family, { addresses, told: toldBytes(told), hasChecksum })
}

/** Of a connection that is for the sender's own purposes: a check. */
export const writeLocal = (hasChecksum = false): Buffer =>
  assemble(kind.LOCAL_COMMAND, kind.UNSPECIFIED, { addresses: Buffer.alloc(0), told: Buffer.alloc(0), hasChecksum })

interface Parts {
  readonly addresses: Buffer
  readonly told: Buffer
  readonly hasChecksum: boolean
}

function assemble(command: number, family: number, { addresses, told, hasChecksum }: Parts): Buffer {
  const checksum = hasChecksum ? part(kind.CRC32C, Buffer.alloc(4)) : Buffer.alloc(0)
  const length = addresses.length + told.length + checksum.length
  const head = Buffer.from([...kind.SIGNATURE, command, family, length >> 8, length & 0xff])
  const bytes = Buffer.concat([head, addresses, told, checksum])
  if (hasChecksum) bytes.writeUInt32BE(crc32c(bytes), bytes.length - 4)
  return bytes
}

function toldBytes({ alpn, authority, uniqueId, isSecure }: Told): Buffer {
  return Buffer.concat([
    ...(alpn === undefined ? [] : [part(kind.ALPN, Buffer.from(alpn, 'latin1'))]),
    ...(authority === undefined ? [] : [part(kind.AUTHORITY, Buffer.from(authority, 'latin1'))]),
    ...(uniqueId === undefined ? [] : [part(kind.UNIQUE_ID, uniqueId)]),
    // That the client's certificate was verified is not said: a nonzero result means that it was not.
    ...(isSecure === undefined ? [] : [part(kind.SSL, Buffer.from([kind.CLIENT_SSL, 0, 0, 0, 1]))]),
  ])
}

const part = (type: number, value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])

/** An IPv4 address beside an IPv6 one is written as its mapped form. */
function inOneFamily(route: Route): Route {
  const { source, destination } = route
  if (source.address.includes(':') === destination.address.includes(':')) return route
  const mapped = ({ address, port }: Route['source']): Route['source'] =>
    address.includes(':') ? { address, port } : { address: `::ffff:${address}`, port }
  return { source: mapped(source), destination: mapped(destination) }
}

function addressBytes({ source, destination }: Route): Buffer {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  const isV6 = source.address.includes(':')
  const bytesOf = (address: string): Buffer => (isV6 ? bytes6(address) : bytes4(address))
  return Buffer.concat([bytesOf(source.address), bytesOf(destination.address), ports])
}

function bytes4(address: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Number(parseIp(address)))
  return bytes
}

function bytes6(address: string): Buffer {
  const value = parseIp(address)
  const bytes = Buffer.alloc(16)
  if (typeof value === 'number') {
    bytes.writeUInt16BE(0xffff, 10)
    bytes.writeUInt32BE(value, 12)
  } else {
    for (let index = 0; index < 8; index += 1) bytes.writeUInt16BE(value?.charCodeAt(index) ?? 0, 2 * index)
  }
  return bytes
}
