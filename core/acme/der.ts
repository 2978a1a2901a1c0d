/**
 * DER (X.690) as far as certificates and requests for them need it: values are put together from the inside out, and read
 * strictly: definite lengths in their shortest form, tags of one byte, nothing that ends outside of what holds it.
 */

/** Tags in use; context tags are made by `context`. */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
}

/** One value: tag, length, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  const digits = length.toString(16)
  const size = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length), size, content])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(TAG.sequence, ...parts)

export const set = (part: Uint8Array): Buffer => der(TAG.set, part)

/** Positive, big-endian, of any length. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const shortest = first === -1 ? Buffer.of(0) : bytes.subarray(first)
  const isNegative = ((shortest[0] ?? 0) & 0x80) !== 0
  return der(TAG.integer, isNegative ? Buffer.concat([Buffer.of(0), shortest]) : shortest)
}

export const octets = (content: Uint8Array): Buffer => der(TAG.octets, content)

/** Of whole bytes. */
export const bits = (content: Uint8Array): Buffer => der(TAG.bits, Buffer.of(0), content)

export const utf8 = (text: string): Buffer => der(TAG.utf8, Buffer.from(text))

export const yes: Buffer = Buffer.of(0x01, 0x01, 0xff)

/** `dotted`: `1.2.840.10045.4.3.2`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(TAG.oid, Buffer.from([40 * first + second, ...rest.flatMap(base128)]))
}

/** Seven bits a byte; all but the last have the eighth set. */
function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** Of whole seconds, as certificates have it (RFC 5280 4.1.2.5): UTCTime through 2049, then GeneralizedTime. `at`: ms since 1970. */
export function time(at: number): Buffer {
  const digits = `${new Date(at).toISOString().replace(/[-:T]|\..*$/g, '')}Z`
  const isShort = digits >= '1950' && digits < '2050'
  return isShort ? der(TAG.utcTime, Buffer.from(digits.slice(2))) : der(TAG.time, Buffer.from(digits))
}

/** `[number]`, explicit or constructed; `primitive`: in place of the tag of a plain value. */
export const context = (number: number, content: Uint8Array): Buffer => der(0xa0 | number, content)
export const primitive = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content)

/** One value as it stands in its bytes. */
export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** Tag, length and content. */
  readonly raw: Buffer
}

/** What a constructed value holds, or a text of values has one after the other. Throws where it is no DER. */
export function readAll(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length;) {
    const { value, end } = readAt(bytes, at)
    values.push(value)
    at = end
  }
  return values
}

/** The one value that `bytes` are. Throws where they are none, or more. */
export function readOne(bytes: Buffer): DerValue {
  const [value, ...more] = readAll(bytes)
  if (value === undefined || more.length > 0) throw new Error('no single DER value')
  return value
}

function readAt(bytes: Buffer, at: number): { readonly value: DerValue; readonly end: number } {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f)
    throw new Error('no DER: a tag is cut or too long')
  const size = first < 0x80 ? 0 : first & 0x7f
  const start = at + 2 + size
  if ((first >= 0x80 && (size === 0 || size > 4)) || start > bytes.length) throw new Error('no DER: a length is wrong')
  const length = size === 0 ? first : bytes.readUIntBE(at + 2, size)
  const isShortest = size === 0 || (length >= 0x80 && length >= 2 ** (8 * (size - 1)))
  if (!isShortest || start + length > bytes.length) throw new Error('no DER: a length is wrong')
  const end = start + length
  return { value: { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }, end }
}
