/** DNS messages in bytes, as a name server would send them; with whatever is wrong about them. */
import { RECORD_TYPES } from '../../core/names/dns-message.ts'

/** `a.test` as labels. */
export const nameOf = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ])

/** A pointer to an offset (RFC 1035 4.1.4). */
export const pointer = (offset: number): Buffer => Buffer.of(0xc0 | (offset >> 8), offset & 0xff)

/** To the question's name, which stands behind the head. */
export const asked = pointer(12)

const uint16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}

export interface WrittenRecord {
  readonly name?: Buffer
  readonly type: number
  readonly group?: number
  readonly ttl?: number
  readonly data: Buffer
  /** undefined: that of the data. */
  readonly length?: number
}

export function recordBytes({ name = asked, type, group = 1, ttl = 60, data, length }: WrittenRecord): Buffer {
  const seconds = Buffer.alloc(4)
  seconds.writeUInt32BE(ttl)
  return Buffer.concat([name, uint16(type, group), seconds, uint16(length ?? data.length), data])
}

export const a = (address: string, facts: Partial<WrittenRecord> = {}): Buffer =>
  recordBytes({ type: RECORD_TYPES.A, data: Buffer.from(address.split('.').map(Number)), ...facts })

export const cname = (target: string, facts: Partial<WrittenRecord> = {}): Buffer =>
  recordBytes({ type: RECORD_TYPES.CNAME, data: nameOf(target), ...facts })

export const srv = (
  [priority, weight, port]: readonly [number, number, number],
  target: string,
  facts: Partial<WrittenRecord> = {},
): Buffer =>
  recordBytes({
    type: RECORD_TYPES.SRV,
    data: Buffer.concat([uint16(priority, weight, port), target === '.' ? Buffer.of(0) : nameOf(target)]),
    ...facts,
  })

export interface WrittenAnswer {
  readonly answers?: readonly Buffer[]
  readonly authority?: readonly Buffer[]
  readonly additional?: readonly Buffer[]
  /** Response, recursion desired and available. */
  readonly flags?: number
  readonly code?: number
  readonly id?: number
  /** undefined: the one that was asked; empty: none. */
  readonly question?: Buffer
  /** Of answers, as the head says; undefined: as many as there are. */
  readonly count?: number
}

/** The answer to `question`, as `writeQuestion` makes it. */
export function answerBytes(question: Buffer, written: WrittenAnswer = {}): Buffer {
  const { answers = [], authority = [], additional = [], flags = 0x8180, code = 0 } = written
  // What is behind it is EDNS, of 11 bytes.
  const repeated = written.question ?? question.subarray(12, question.length - 11)
  const head = uint16(
    written.id ?? question.readUInt16BE(0),
    flags | code,
    repeated.length === 0 ? 0 : 1,
    written.count ?? answers.length,
    authority.length,
    additional.length,
  )
  return Buffer.concat([head, repeated, ...answers, ...authority, ...additional])
}
