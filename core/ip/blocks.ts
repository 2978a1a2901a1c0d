/**
 * Sets and tables of IP addresses and CIDR blocks (RFC 4632, RFC 4291 2.3), asked for each request. Blocks lie within each
 * other or apart, so they are laid out as stretches of addresses, one behind the other: a look-up is a binary search.
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
  if (padded(network) !== value) throw new Error(`${quote(text)} must begin with its own network address`)
  return { version, prefix, network }
}

/** Throws as `parseBlock` does. */
export function createBlockSet(blocks: readonly string[]): BlockSet {
  const builder = new BlockTableBuilder<true>()
  for (const block of blocks) builder.add(parseBlock(block), true)
  return setOf(builder.build())
}

export const setOf = (table: BlockTable<true>): BlockSet => ({ has: (address) => table.find(address) === true })

/** Throws as `parseBlock` does. Of two entries for one block the first counts. */
export function createBlockTable<Value>(
  entries: readonly { readonly block: string; readonly value: Value }[],
): BlockTable<Value> {
  const builder = new BlockTableBuilder<Value>()
  for (const { block, value } of entries) builder.add(parseBlock(block), value)
  return builder.build()
}

/** For blocks that come one by one. */
export class BlockTableBuilder<Value> {
  /** By network and prefix, in a form that sorts by both: `network * 64 + prefix`; or the padded network and a unit more. */
  private readonly v4 = new Map<number, Value>()
  private readonly v6 = new Map<string, Value>()

  /** Of two for one block the first counts. */
  add({ network, prefix }: Block, value: Value): void {
    if (typeof network === 'number') addFirst(this.v4, network * 64 + prefix, value)
    else addFirst(this.v6, padded(network) + String.fromCharCode(prefix), value)
  }

  build(): BlockTable<Value> {
    const [v4, v6] = [this.stretchesV4(), this.stretchesV6()]
    if (v4.starts.length + v6.starts.length === 0) return { find: () => undefined }
    const v4Starts = Float64Array.from(v4.starts)
    return {
      find(address) {
        const value = parseIp(address)
        if (value === undefined) return undefined
        if (typeof value === 'number') return v4.values[lastUpTo(v4Starts, value)]
        return v6.values[lastUpTo(v6.starts, value)]
      },
    }
  }

  private stretchesV4(): Stretches<number, Value> {
    const layout = new Layout<number, Value>()
    for (const key of Float64Array.from(this.v4.keys()).sort()) {
      const start = Math.floor(key / 64)
      layout.add(start, start + 2 ** (32 - (key % 64)), this.v4.get(key) as Value)
    }
    return layout.end()
  }

  private stretchesV6(): Stretches<string, Value> {
    const layout = new Layout<string, Value>()
    for (const key of [...this.v6.keys()].sort()) {
      const start = key.slice(0, 8)
      layout.add(start, behind(start, key.charCodeAt(8)), this.v6.get(key) as Value)
    }
    return layout.end()
  }
}

function addFirst<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  if (!map.has(key)) map.set(key, value)
}

/**
 * From each start to the next one every address has the value that stands at the same place, of equal starts at the last;
 * before the first none has one.
 */
interface Stretches<Address extends IpValue, Value> {
  readonly starts: readonly Address[]
  readonly values: readonly (Value | undefined)[]
}

/** Lays blocks out that come in the order of their starts, of equal ones the larger first. */
class Layout<Address extends IpValue, Value> {
  private readonly starts: Address[] = []
  private readonly values: (Value | undefined)[] = []
  /** Blocks around the place that is reached, the innermost last. `end`: the address behind it; undefined: there is none. */
  private readonly around: { readonly end: Address | undefined; readonly value: Value }[] = []

  add(start: Address, end: Address | undefined, value: Value): void {
    this.leaveUpTo(start)
    this.around.push({ end, value })
    this.begin(start, value)
  }

  end(): Stretches<Address, Value> {
    this.leaveUpTo(undefined)
    return { starts: this.starts, values: this.values }
  }

  /** undefined: all blocks. */
  private leaveUpTo(address: Address | undefined): void {
    for (let inner = this.around.at(-1); inner !== undefined; inner = this.around.at(-1)) {
      const { end } = inner
      if (address !== undefined && (end === undefined || end > address)) return
      this.around.pop()
      if (end !== undefined) this.begin(end, this.around.at(-1)?.value)
    }
  }

  private begin(start: Address, value: Value | undefined): void {
    if (this.starts.length > 0 && this.values.at(-1) === value) return
    this.starts.push(start)
    this.values.push(value)
  }
}

/** Index of the last of the sorted `starts` that is not behind `value`; -1 when all are. */
function lastUpTo<Address extends IpValue>(starts: ArrayLike<Address>, value: Address): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] as Address) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The address behind the IPv6 block; undefined: there is none. What overflows is 0, and so is all behind it. */
function behind(start: string, prefix: number): string | undefined {
  let step = 1 << ((16 - (prefix & 15)) & 15)
  for (let index = (prefix - 1) >> 4; index >= 0; index -= 1) {
    const unit = start.charCodeAt(index) + step
    if (unit <= 0xffff) return padded(start.slice(0, index) + String.fromCharCode(unit))
    step = 1
  }
  return undefined
}

const parsePrefix = (text: string): number => (/^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : NaN)

function mask(value: IpValue, prefix: number): IpValue {
  // A shift by 32 is a shift by 0, so prefix 0 has its own answer.
  if (typeof value === 'number') return prefix === 0 ? 0 : (value & (-1 << (32 - prefix))) >>> 0
  const whole = value.slice(0, prefix >> 4)
  const rest = prefix & 15
  return rest === 0 ? whole : whole + String.fromCharCode(value.charCodeAt(prefix >> 4) & (0xffff << (16 - rest)))
}

const padded = <Network extends IpValue>(network: Network): Network =>
  (typeof network === 'number' ? network : network.padEnd(8, '\0')) as Network

const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
