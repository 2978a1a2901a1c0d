/** The two tables that HPACK's indices refer to (RFC 7541 2.3): one that is always the same, and one that a sender fills. */
import { type Field, makeField } from './field.ts'

/** Appendix A, index 1 first. */
const STATIC: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
]

export const STATIC_FIELDS: readonly Field[] = STATIC.map(([name, value = '']) => makeField(name, value))
export const STATIC_SIZE = STATIC_FIELDS.length

/** What an entry counts beside its name and value (RFC 7541 4.1). */
const ENTRY_OVERHEAD = 32
/** `: ` and CRLF, which lines have and HPACK does not count. */
const LINE_OVERHEAD = 4

export const sizeOf = ({ line }: Field): number => line.length - LINE_OVERHEAD + ENTRY_OVERHEAD

/** A ring: the newest entry has index 0, and each new one moves all others by one. */
export class DynamicTable {
  private maxBytes: number
  private bytes = 0
  private ring: (Field | undefined)[] = Array.from({ length: 16 }, () => undefined)
  /** Entries ever added, and how many of them are there. */
  added = 0
  count = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get maxSize(): number {
    return this.maxBytes
  }

  /** The entry that was added as the `number`th, 0 first; undefined: it has gone, or is not there yet. */
  entry(number: number): Field | undefined {
    if (number >= this.added || number < this.added - this.count) return undefined
    return this.ring[number & (this.ring.length - 1)]
  }

  /** 0: the newest. */
  at(index: number): Field | undefined {
    return this.entry(this.added - 1 - index)
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.evictTo(maxBytes)
  }

  /** One that is larger than the table empties it, which is no error (RFC 7541 4.4). Returns whether it is there now. */
  add(field: Field): boolean {
    const size = sizeOf(field)
    this.evictTo(this.maxBytes - size)
    if (size > this.maxBytes) return false
    if (this.count === this.ring.length) this.grow()
    this.ring[this.added & (this.ring.length - 1)] = field
    this.added += 1
    this.count += 1
    this.bytes += size
    return true
  }

  private evictTo(bytes: number): void {
    while (this.count > 0 && this.bytes > bytes) {
      const slot = (this.added - this.count) & (this.ring.length - 1)
      this.bytes -= sizeOf(this.ring[slot] as Field)
      this.ring[slot] = undefined
      this.count -= 1
    }
  }

  private grow(): void {
    const larger: (Field | undefined)[] = Array.from({ length: this.ring.length * 2 }, () => undefined)
    for (let number = this.added - this.count; number < this.added; number += 1)
      larger[number & (larger.length - 1)] = this.ring[number & (this.ring.length - 1)]
    this.ring = larger
  }
}
