/** Version 2 of the PROXY protocol, read: sixteen bytes, addresses, then what else is told, each with its type and length. */
import { formatIp } from '../ip/address.ts'
import { crc32c } from './crc32c.ts'
import { ProxyFault } from './fault.ts'
import * as kind from './header.ts'
import type { ProxyHeader, Route, Told } from './header.ts'

/** By family and transport, how many bytes addresses take. Datagrams are for who speaks UDP. */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [kind.UNSPECIFIED, 0],
  [kind.TCP4, 12],
  [kind.TCP6, 36],
  [kind.UNIX_STREAM, 216],
])

/** Of all its bytes, and no others. Throws ProxyFault. */
export function readV2(bytes: Buffer): ProxyHeader {
  const command = bytes[12] as number
  // Whatever the sender says of itself is of no use: checks of its own come so.
  if (command === kind.LOCAL_COMMAND) return { version: 2, route: undefined, told: {} }
  if (command !== kind.PROXY_COMMAND)
    throw new ProxyFault(command >> 4 === 2 ? 'its command is neither LOCAL nor PROXY' : 'its version is not 2')
  const family = bytes[13] as number
  const size = ADDRESS_BYTES.get(family)
  if (size === undefined) throw new ProxyFault('its addresses are neither of TCP nor of a Unix socket')
  const at = kind.V2_HEAD_BYTES + size
  if (bytes.length < at) throw new ProxyFault('its length has no room for its addresses')
  return { version: 2, route: routeIn(bytes, family), told: readTold(bytes, at) }
}

function routeIn(bytes: Buffer, family: number): Route | undefined {
  if (family !== kind.TCP4 && family !== kind.TCP6) return undefined
  const size = family === kind.TCP4 ? 4 : 16
  const at = kind.V2_HEAD_BYTES
  const ports = at + 2 * size
  return {
    source: { address: addressAt(bytes, at, size), port: bytes.readUInt16BE(ports) },
    destination: { address: addressAt(bytes, at + size, size), port: bytes.readUInt16BE(ports + 2) },
  }
}

function addressAt(bytes: Buffer, at: number, size: number): string {
  if (size === 4) return formatIp(bytes.readUInt32BE(at))
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index))
  const [f, g, h] = groups.slice(5) as [number, number, number]
  const isMapped = f === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return formatIp(isMapped ? g * 0x1_0000 + h : String.fromCharCode(...groups))
}

/** Names of the parts of `Told`, and the checksum's, by type. What nobody knows is passed over. */
function readTold(bytes: Buffer, start: number): Told {
  const told: { -readonly [Key in keyof Told]: Told[Key] } = {}
  const seen = new Set<number>()
  for (let at = start; at < bytes.length;) {
    if (at + 3 > bytes.length) throw new ProxyFault('it ends in the middle of what it tells')
    const type = bytes[at] as number
    const from = at + 3
    const end = from + bytes.readUInt16BE(at + 1)
    if (end > bytes.length) throw new ProxyFault('what it tells is longer than itself')
    if (READERS.has(type) && seen.has(type)) throw new ProxyFault('it tells one thing twice')
    seen.add(type)
    READERS.get(type)?.(told, bytes, { from, end })
    at = end
  }
  return told
}

interface Span {
  readonly from: number
  readonly end: number
}

type Reader = (told: { -readonly [Key in keyof Told]: Told[Key] }, bytes: Buffer, span: Span) => void

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [
    kind.ALPN,
    (told, bytes, { from, end }) => {
      if (end === from || end - from > 255) throw new ProxyFault('its ALPN is none')
      told.alpn = bytes.toString('latin1', from, end)
    },
  ],
  [
    kind.AUTHORITY,
    (told, bytes, { from, end }) => {
      const name = bytes.toString('latin1', from, end)
      if (!/^[\w.-]{1,255}$/.test(name)) throw new ProxyFault('its authority is no host name')
      told.authority = name.toLowerCase()
    },
  ],
  [
    kind.UNIQUE_ID,
    (told, bytes, { from, end }) => {
      if (end === from || end - from > kind.MAX_UNIQUE_ID_BYTES)
        throw new ProxyFault(`its unique id is not of 1 to ${kind.MAX_UNIQUE_ID_BYTES} bytes`)
      told.uniqueId = Buffer.from(bytes.subarray(from, end))
    },
  ],
  [
    kind.CRC32C,
    (_told, bytes, { from, end }) => {
      if (end - from !== 4 || bytes.readUInt32BE(from) !== crc32c(bytes, from))
        throw new ProxyFault('its checksum is wrong')
    },
  ],
  [
    kind.SSL,
    (told, bytes, { from, end }) => {
      if (end - from < 5) throw new ProxyFault('what it tells of TLS is cut')
      if (((bytes[from] as number) & kind.CLIENT_SSL) !== 0) told.isSecure = true
    },
  ],
])
