/** Reads a PROXY header of either version, as strictly as the standard has it. Pure: bytes in, a header or a fault out. */
import { formatIp, parseIp } from '../ip/address.ts'
import { MAX_V1_BYTES, MAX_V2_BYTES, type ProxyHeader, type Route, SIGNATURE, V2_HEAD_BYTES } from './header.ts'
import { ProxyFault } from './fault.ts'
import { readV2 } from './read-v2.ts'

export interface ReadHeader {
  readonly header: ProxyHeader
  /** Offset behind it. */
  readonly end: number
}

/** What `bytes` begin with; undefined: more is needed. Throws ProxyFault where no more can make a header of it. */
export function readHeader(bytes: Buffer): ReadHeader | undefined {
  if (bytes.length === 0) return undefined
  return bytes[0] === SIGNATURE[0] ? readBinary(bytes) : readLine(bytes)
}

function readBinary(bytes: Buffer): ReadHeader | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length)
  if (!bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known)))
    throw new ProxyFault('it begins with no signature')
  if (bytes.length < V2_HEAD_BYTES) return undefined
  const end = V2_HEAD_BYTES + bytes.readUInt16BE(14)
  if (end > MAX_V2_BYTES) throw new ProxyFault(`it is longer than ${MAX_V2_BYTES} bytes`)
  return bytes.length < end ? undefined : { header: readV2(bytes.subarray(0, end)), end }
}

const BEGIN = Buffer.from('PROXY ', 'latin1')
const CR = 0x0d
const LF = 0x0a

function readLine(bytes: Buffer): ReadHeader | undefined {
  const known = Math.min(bytes.length, BEGIN.length)
  if (!bytes.subarray(0, known).equals(BEGIN.subarray(0, known))) throw new ProxyFault('there is none')
  const lineEnd = bytes.subarray(0, MAX_V1_BYTES).indexOf(LF)
  if (lineEnd < 0) {
    if (bytes.length >= MAX_V1_BYTES) throw new ProxyFault(`its line is longer than ${MAX_V1_BYTES} bytes`)
    return undefined
  }
  if (bytes[lineEnd - 1] !== CR) throw new ProxyFault('its line ends without CR')
  const text = bytes.toString('latin1', BEGIN.length, lineEnd - 1)
  return { header: { version: 1, route: routeIn(text), told: {} }, end: lineEnd + 1 }
}

/** `TCP4 192.0.2.1 198.51.100.7 4711 443`, or `UNKNOWN` and whatever follows it. */
function routeIn(text: string): Route | undefined {
  if (/^UNKNOWN(?: [ -~]*)?$/.test(text)) return undefined
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] =
    /^TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5})$/.exec(text) ?? []
  if (family === undefined) throw new ProxyFault('its line is none of TCP4, TCP6 or UNKNOWN')
  return {
    source: { address: addressIn(source, family), port: portIn(sourcePort) },
    destination: { address: addressIn(destination, family), port: portIn(destinationPort) },
  }
}

function addressIn(text: string, family: string): string {
  const value = text.includes(':') === (family === '6') ? parseIp(text) : undefined
  if (value === undefined) throw new ProxyFault(`an address is none of TCP${family}`)
  return formatIp(value)
}

function portIn(text: string): number {
  const port = Number(text)
  if (port > 0xffff || String(port) !== text)
    throw new ProxyFault('a port is no number from 0 to 65535 in its shortest form')
  return port
}
