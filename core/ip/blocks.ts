/**
 * Sets and tables of IP addresses and CIDR blocks (RFC 4632, RFC 4291 2.3), asked for each request. One map a prefix
 * length, the longest first: a look-up reads as many maps as there are different lengths, however many blocks.
 */
import { parseIp, type IpValue } from './address.ts'

/** `network` is the address masked: a number for IPv4; for IPv6 the text cut after the prefix's last bit. */
export interface Block {
  readonly version: 4 | 6
  /** Bits: 0..32 or 0..128. */
  readonly prefix: number
  readonly network: IpValue
}

export interface BlockSet {
  /** False too for what is no address. */
  has(address: string): boolean
}

export interface BlockTable<Value> {
  /** The value of the longest block that holds the address. */
  find(address: string): Value | undefined
}

/**
 * An address, or a block that begins with its own network address. Throws an Error that quotes anything else; so
 * `10.0.0.1/8` is refused: either its address or its prefix is a mistake.
 */
export function parseBlock(text: string): Block {
  const [address = '', prefixText, ...more] = text.split('/')
  const value = parseIp(address)
  if (value === undefined || more.length > 0) throw new Error(`${quote(text)} must be an IP address or a CIDR block`)
  const version = typeof value === 'number' ? 4 : 6
  const bits = version === 4 ? 32 : 128
  // The prefix of a mapped block counts the 96 bits before the IPv4 address.
  const skipped = version === 4 && address.includes(':') ? 96 : 0
  const prefix = prefixText === undefined ? bits : parsePrefix(prefixText) - skipped
  if (!(prefix >= 0 && prefix <= bits)) {
    throw new Error(`${quote(text)} must have a prefix of ${skipped}..${skipped + bits} bits`)
  }
  const network = mask(value, prefix)
  if (pad(network) !== value) throw new Error(`${quote(text)} must begin with its own network address`)
  return { version, prefix, network }
}

export function createBlockSet(blocks: readonly string[]): BlockSet {
  const table = createBlockTable(blocks.map((block) => ({ block, value: true })))
  return { has: (address) => table.find(address) === true }
}

/** Throws as `parseBlock` does. Of two entries for one block the first counts. */
export function createBlockTable<Value>(
  entries: readonly { readonly block: string; readonly value: Value }[],
): BlockTable<Value> {
  const levels = { 4: new Map<number, Map<IpValue, Value>>(), 6: new Map<number, Map<IpValue, Value>>() }
  for (const { block, value } of entries) {
    const { version, prefix, network } = parseBlock(block)
    const level = levels[version].get(prefix) ?? new Map<IpValue, Value>()
    if (!level.has(network)) level.set(network, value)
    levels[version].set(prefix, level)
  }
  const longestFirst = (version: 4 | 6) => [...levels[version]].sort(([one], [other]) => other - one)
  const [v4, v6] = [longestFirst(4), longestFirst(6)]
  if (v4.length + v6.length === 0) return { find: () => undefined }

  return {
    find(address) {
      const value = parseIp(address)
      if (value === undefined) return undefined
      for (const [prefix, level] of typeof value === 'number' ? v4 : v6) {
        const found = level.get(mask(value, prefix))
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

const parsePrefix = (text: string): number => (/^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : NaN)

function mask(value: IpValue, prefix: number): IpValue {
  // A shift by 32 is a shift by 0, so prefix 0 has its own answer.
  if (typeof value === 'number') return prefix === 0 ? 0 : (value & (-1 << (32 - prefix))) >>> 0
  const whole = value.slice(0, prefix >> 4)
  const rest = prefix & 15
  return rest === 0 ? whole : whole + String.fromCharCode(value.charCodeAt(prefix >> 4) & (0xffff << (16 - rest)))
}

const pad = (network: IpValue): IpValue => (typeof network === 'number' ? network : network.padEnd(8, '\0'))

const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
