/**
 * IP addresses as text -> a value that masks and compares fast: a number for IPv4, a text of 8 UTF-16 units for IPv6.
 * Strict: four decimal parts without leading zeros, since `0x7f.1` and `010.0.0.1` mean different hosts to different
 * readers. An IPv4-mapped address (`::ffff:1.2.3.4`, RFC 4291 2.5.5.2) is the IPv4 address.
 */

/** IPv4: 0..2^32 - 1. IPv6: each group of 16 bits as one unit, so that a prefix is the beginning of the text. */
export type IpValue = number | string

/** undefined when it is no address. A zone (`%eth0`) makes it none: links have no meaning beyond this machine. */
export function parseIp(text: string): IpValue | undefined {
  if (!text.includes(':')) return parseV4(text)
  if (!readGroups(text)) return undefined
  const [a, b, c, d, e, f, g, h] = groups as unknown as EightNumbers
  if (f === 0xffff && (a | b | c | d | e) === 0) return g * 65_536 + h
  return String.fromCharCode(a, b, c, d, e, f, g, h)
}

/** The one way to write an address that `parseIp` read: dotted IPv4, or IPv6 as RFC 5952 4 has it. */
export function formatIp(value: IpValue): string {
  if (typeof value === 'number') return formatV4(value)
  const units = Array.from({ length: 8 }, (_, index) => value.charCodeAt(index))
  const { start, length } = longestZeros(units)
  const texts = units.map((group) => group.toString(16))
  if (length < 2) return texts.join(':')
  return `${texts.slice(0, start).join(':')}::${texts.slice(start + length).join(':')}`
}

/**
 * The address of a node in a list of proxies, in its one form: without the port that some append (`1.2.3.4:4711`,
 * `[2001:db8::7]:443`) and without brackets. undefined when it is none.
 */
export function parseNode(text: string): string | undefined {
  const node = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(text)
  const [, bracketed, plain] = node ?? []
  // Brackets are for IPv6, as in a URL (RFC 3986 3.2.2).
  if (bracketed !== undefined && !bracketed.includes(':')) return undefined
  const value = parseIp(bracketed ?? plain ?? text)
  return value === undefined ? undefined : formatIp(value)
}

/**
 * Who is likely one and the same: an IPv4 address, or the first 64 bits of an IPv6 address, of which whoever has one has
 * all (RFC 6177). undefined when it is no address.
 */
export function siteOf(address: string): IpValue | undefined {
  const value = parseIp(address)
  return typeof value === 'string' ? value.slice(0, 4) : value
}

/** The IPv4 address that `parseIp` read. */
export const formatV4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/** Without a split or a regular expression: it runs for each request. */
function parseV4(text: string): number | undefined {
  let value = 0
  let part = -1
  let dots = 0
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48
    if (digit === -2 && part >= 0) {
      value = value * 256 + part
      part = -1
      dots += 1
    } else if (digit < 0 || digit > 9 || part === 0) {
      return undefined
    } else {
      part = part < 0 ? digit : part * 10 + digit
    }
    if (part > 255 || dots > 3) return undefined
  }
  return dots === 3 && part >= 0 ? value * 256 + part : undefined
}

type EightNumbers = readonly [number, number, number, number, number, number, number, number]

/** Of the IPv6 address that was read last. */
const groups = new Uint16Array(8)

const COLON = 0x3a
const DOT = 0x2e
/** By ASCII code; -1: no hexadecimal digit. */
const HEX = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
)

/**
 * Reads the groups of an IPv6 address; false: it is none. RFC 4291 2.2: up to eight, one `::` for one group of zeros or more,
 * the last two perhaps as IPv4. In one pass: it runs for each request, too.
 */
function readGroups(text: string): boolean {
  const { length } = text
  let count = 0
  let gap = text.startsWith('::') ? 0 : -1
  let position = gap < 0 ? 0 : 2
  while (position < length) {
    let group = 0
    let end = position
    for (; end < length && end < position + 4; end += 1) {
      const digit = HEX[text.charCodeAt(end)] ?? -1
      if (digit < 0) break
      group = group * 16 + digit
    }
    const next = text.charCodeAt(end)
    if (next === DOT) return readV4Tail(text.slice(position), gap, count)
    if (end === position || count === 8) return false
    groups[count++] = group
    if (end === length) break
    if (next !== COLON || end + 1 === length) return false
    position = end + 1
    if (text.charCodeAt(position) !== COLON) continue
    if (gap >= 0) return false
    gap = count
    position += 1
  }
  return isWhole(gap, count)
}

/** The last two groups of an address, as IPv4; those before them have been read. */
function readV4Tail(text: string, gap: number, count: number): boolean {
  const value = count > 6 ? undefined : parseV4(text)
  if (value === undefined) return false
  groups[count] = value >>> 16
  groups[count + 1] = value & 0xffff
  return isWhole(gap, count + 2)
}

/** Whether that many groups make an address, with zeros for `::` before the group `gap` (-1: there is none), which it puts there. */
function isWhole(gap: number, count: number): boolean {
  if (gap < 0) return count === 8
  if (count > 7) return false
  const behind = 8 - (count - gap)
  groups.copyWithin(behind, gap, count)
  groups.fill(0, gap, behind)
  return true
}

/** The longest run of zeros, of equal ones the first (RFC 5952 4.2.3). */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: index + 1 - length, length }
  }
  return longest
}
