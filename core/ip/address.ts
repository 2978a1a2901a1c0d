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
  const groups = parseV6(text)
  if (groups === undefined) return undefined
  return isMapped(groups) ? (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0) : String.fromCharCode(...groups)
}

/** The one way to write an address that `parseIp` read: dotted IPv4, or IPv6 as RFC 5952 4 has it. */
export function formatIp(value: IpValue): string {
  if (typeof value === 'number') return formatV4(value)
  const groups = Array.from({ length: 8 }, (_, index) => value.charCodeAt(index))
  const { start, length } = longestZeros(groups)
  const texts = groups.map((group) => group.toString(16))
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

/** RFC 4291 2.2: up to eight groups, one `::` for one group of zeros or more, the last two perhaps as IPv4. */
function parseV6(text: string): number[] | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  const head = parseGroups(halves[0] ?? '')
  if (halves.length === 1) return head?.length === 8 ? head : undefined
  const tail = parseGroups(halves[1] ?? '')
  if (halves.length > 2 || head === undefined || tail === undefined || head.length + tail.length > 7) return undefined
  // Only the very last groups may be written as IPv4, not those before `::`.
  if (halves[0]?.includes('.') === true) return undefined
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const last = parts.at(-1) ?? ''
  const v4 = last.includes('.') ? parseV4(last) : undefined
  if (v4 !== undefined) parts.splice(-1, 1, (v4 >>> 16).toString(16), (v4 & 0xffff).toString(16))
  const areHex = parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))
  return areHex ? parts.map((part) => parseInt(part, 16)) : undefined
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

const isMapped = (groups: readonly number[]): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
