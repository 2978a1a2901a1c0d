/**
 * DNS messages (RFC 1035 4): a question written, an answer read. Whatever the bytes are, reading ends: names are followed
 * backwards only and have 255 bytes at most, records are as many as the bytes hold. Pure; knows no sockets.
 */
import ipaddr from 'ipaddr.js'

export const RECORD_TYPES = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const

export type RecordType = keyof typeof RECORD_TYPES

/** Of the classes and types that are known; others are left out. Names in lower case, without a dot at the end. */
export type DnsRecord = { readonly name: string; /** Seconds. */ readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
)

export interface DnsMessage {
  /** It is cut off: the whole is to be had over TCP. */
  readonly isTruncated: boolean
  /** RFC 1035 4.1.1: 0 no error, 2 the server failed, 3 there is no such name, 5 refused. */
  readonly code: number
  readonly answers: readonly DnsRecord[]
  /** What the server tells besides: addresses of an answer's targets. */
  readonly additional: readonly DnsRecord[]
}

/** The bytes are no answer to the question. */
export class DnsFault extends Error {
  override readonly name = 'DnsFault'
}

const HEAD_BYTES = 12
const CLASS_IN = 1
/** RFC 6891: we take answers of so many bytes over UDP, which pass everywhere in one piece (DNS flag day 2020). */
const UDP_BYTES = 1232
const MAX_NAME_BYTES = 255
/** RFC 2181 8: the first bit is to be 0. */
const MAX_TTL = 2 ** 31 - 1
const MAX_LABEL_BYTES = 63
/** In one name: as many as it can have labels. A chain of thousands, named by each of thousands of records, would take seconds. */
const MAX_POINTERS = 127

/** `name`: without a dot at the end. Throws a DnsFault where it is none. */
export function writeQuestion(id: number, name: string, type: RecordType): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt16BE(id, 0)
  // Recursion desired.
  head.writeUInt16BE(0x0100, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(1, 10)
  const question = Buffer.alloc(4)
  question.writeUInt16BE(RECORD_TYPES[type], 0)
  question.writeUInt16BE(CLASS_IN, 2)
  // EDNS(0): the root's name, type OPT, and the size as the class.
  const edns = Buffer.alloc(11)
  edns.writeUInt16BE(41, 1)
  edns.writeUInt16BE(UDP_BYTES, 3)
  return Buffer.concat([head, nameBytes(name), question, edns])
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'))
  if (labels.some(({ length }) => length === 0 || length > MAX_LABEL_BYTES)) throw new DnsFault(`${name} is no name`)
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)])
  if (bytes.length > MAX_NAME_BYTES) throw new DnsFault(`${name} is no name`)
  return bytes
}

/** The answer to `question`, as it was written. Throws a DnsFault for anything else, be it cut off in the middle. */
export function readAnswer(bytes: Buffer, question: Buffer): DnsMessage {
  const reader = new Reader(bytes)
  if (bytes.length < HEAD_BYTES) throw new DnsFault('it is too short')
  const flags = bytes.readUInt16BE(2)
  if ((flags & 0x8000) === 0 || bytes.readUInt16BE(0) !== question.readUInt16BE(0))
    throw new DnsFault('it answers another question')
  const code = flags & 0xf
  const counts = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number]
  reader.at = HEAD_BYTES
  checkQuestion(reader, counts[0], { question, code })
  const isTruncated = (flags & 0x0200) !== 0
  // Of one that is cut off the rest may be missing, and nothing of it counts.
  if (isTruncated) return { isTruncated, code, answers: [], additional: [] }
  const answers = reader.records(counts[1])
  reader.records(counts[2])
  return { isTruncated, code, answers, additional: reader.records(counts[3]) }
}

/** RFC 5452 9: an answer repeats its question. A server that fails may leave it out. */
function checkQuestion(
  reader: Reader,
  count: number,
  { question, code }: { readonly question: Buffer; readonly code: number },
): void {
  if (count === 0 && code !== 0) return
  const asked = new Reader(question)
  asked.at = HEAD_BYTES
  const isSame = count === 1 && reader.name() === asked.name() && reader.uint32() === asked.uint32()
  if (!isSame) throw new DnsFault('it answers another question')
}

class Reader {
  at = 0
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  uint16(): number {
    return this.take(2).readUInt16BE(0)
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0)
  }

  /** RFC 1035 4.1.4: a pointer leads to a name that stands before it, so that no two lead to each other. */
  name(): string {
    const labels: string[] = []
    let end: number | undefined
    let lowest = this.at
    let length = 0
    let pointers = 0
    for (;;) {
      const size = this.byte()
      if (size === 0) break
      if (size >= 0xc0) {
        const target = ((size & 0x3f) << 8) | this.byte()
        end ??= this.at
        if (target >= lowest) throw new DnsFault('a name in it leads to itself')
        pointers += 1
        if (pointers > MAX_POINTERS) throw new DnsFault('a name in it is in too many pieces')
        lowest = target
        this.at = target
        continue
      }
      if (size > MAX_LABEL_BYTES) throw new DnsFault('a name in it makes no sense')
      length += size + 1
      if (length > MAX_NAME_BYTES) throw new DnsFault('a name in it is too long')
      labels.push(this.take(size).toString('latin1').toLowerCase())
    }
    this.at = end ?? this.at
    return labels.join('.')
  }

  /** Those of them that are of a known kind. */
  records(count: number): DnsRecord[] {
    const records: DnsRecord[] = []
    for (let index = 0; index < count; index++) {
      const record = this.record()
      if (record !== undefined) records.push(record)
    }
    return records
  }

  private record(): DnsRecord | undefined {
    const name = this.name()
    const type = this.uint16()
    const group = this.uint16()
    const written = this.uint32()
    const ttl = written > MAX_TTL ? 0 : written
    const end = this.uint16() + this.at
    if (end > this.bytes.length) throw new DnsFault('it is cut off')
    const data = group === CLASS_IN ? this.data(type, end) : undefined
    this.at = end
    return data && { name, ttl, ...data }
  }

  /** Behind it `at` may be anywhere. */
  private data(type: number, end: number) {
    const length = end - this.at
    switch (type) {
      case RECORD_TYPES.A:
        return length === 4 ? ({ type: 'A', address: this.take(4).join('.') } as const) : this.mistyped()
      case RECORD_TYPES.AAAA:
        return length === 16 ? ({ type: 'AAAA', address: v6Text(this.take(16)) } as const) : this.mistyped()
      case RECORD_TYPES.CNAME:
        return { type: 'CNAME', target: this.nameUpTo(end) } as const
      case RECORD_TYPES.SRV: {
        const [priority, weight, port] = [this.uint16(), this.uint16(), this.uint16()]
        return { type: 'SRV', priority, weight, port, target: this.nameUpTo(end) } as const
      }
      default:
        return undefined
    }
  }

  private nameUpTo(end: number): string {
    const name = this.name()
    return this.at === end ? name : this.mistyped()
  }

  private mistyped(): never {
    throw new DnsFault('a record in it has the wrong length')
  }

  private byte(): number {
    return this.take(1)[0] ?? 0
  }

  private take(count: number): Buffer {
    const end = this.at + count
    if (end > this.bytes.length) throw new DnsFault('it is cut off')
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }
}

/** As the config writes it. */
const v6Text = (bytes: Buffer): string => new ipaddr.IPv6([...bytes]).toRFC5952String()
