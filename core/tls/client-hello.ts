/**
 * The first message of a TLS handshake, read without ending TLS (RFC 8446 4.1.2, RFC 5246 7.4.1.2): whom a client asks for, and
 * what it offers to speak. Strict: what no TLS library would send is a fault, told by the alert that it deserves. Pure; never throws.
 */

export interface ClientHello {
  /** RFC 6066 3, lower case; undefined: it names nobody. */
  readonly serverName: string | undefined
  /** By ALPN (RFC 7301 3.1), one character a byte, in the client's order; empty: it offers none. */
  readonly protocols: readonly string[]
}

/** 'more': it is not whole yet. 'plain': a request of HTTP without TLS. 'fault': `alert` as in RFC 8446 6. */
export type HelloReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'plain' }
  | { readonly kind: 'fault'; readonly alert: number; readonly detail: string }

export const ALERTS = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  unrecognizedName: 112,
} as const

/** A fatal one as it goes before any key is agreed on. */
export const alertBytes = (alert: number): Buffer => Buffer.from([21, 3, 3, 0, 2, 2, alert])

/** Of the message, which is 2 KiB with the largest key shares there are. */
const MAX_MESSAGE_BYTES = 16 * 1024
/** Of the records that it came in: a client that sends it byte by byte needs six for each. */
const MAX_BYTES = 64 * 1024

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
/** RFC 8446 5.1. */
const MAX_RECORD = 16_384
const SERVER_NAME = 0
const ALPN = 16

const MORE: HelloReading = { kind: 'more' }

class Fault extends Error {
  readonly alert: number

  constructor(alert: number, message: string) {
    super(message)
    this.alert = alert
  }
}

/** Reads one client's hello, in whatever pieces it comes. What it has been given stays as it was, to be passed on. */
export class HelloReader {
  private readonly kept = new Collected()
  /** Where the next record begins. */
  private position = 0
  /** What records have carried of the message. */
  private readonly message = new Collected()

  /** All that has come, as it came. */
  get bytes(): Buffer {
    return this.kept.bytes
  }

  /** To be called until it says something else than 'more'; `piece` is copied. */
  push(piece: Buffer): HelloReading {
    try {
      this.kept.add(piece)
      if (mayBeHttp(this.bytes)) return isHttp(this.bytes) ? { kind: 'plain' } : MORE
      const hello = this.read()
      return hello === undefined ? MORE : { kind: 'hello', hello }
    } catch (error) {
      if (error instanceof Fault) return { kind: 'fault', alert: error.alert, detail: error.message }
      throw error
    }
  }

  private read(): ClientHello | undefined {
    const { kept } = this
    if (kept.length > 0 && kept.bytes[0] !== HANDSHAKE)
      throw new Fault(ALERTS.unexpectedMessage, 'it begins as no TLS handshake does')
    while (kept.length - this.position >= RECORD_HEADER) {
      const size = sizeOfRecord(kept.bytes, this.position)
      const start = this.position + RECORD_HEADER
      if (start + size > kept.length) break
      this.position = start + size
      this.takeFragment(kept.bytes.subarray(start, this.position))
      const hello = this.readMessage()
      if (hello !== undefined) return hello
    }
    if (kept.length > MAX_BYTES)
      throw new Fault(ALERTS.recordOverflow, `its hello is not over within ${MAX_BYTES} bytes`)
    return undefined
  }

  private takeFragment(fragment: Buffer): void {
    if (this.message.length + fragment.length > MESSAGE_HEADER + MAX_MESSAGE_BYTES) throw tooLarge()
    this.message.add(fragment)
  }

  /** undefined: it is not whole. */
  private readMessage(): ClientHello | undefined {
    const { bytes } = this.message
    if (bytes[0] !== CLIENT_HELLO) throw new Fault(ALERTS.unexpectedMessage, 'its first message is no ClientHello')
    if (bytes.length < MESSAGE_HEADER) return undefined
    const end = MESSAGE_HEADER + bytes.readUIntBE(1, 3)
    if (end > MESSAGE_HEADER + MAX_MESSAGE_BYTES) throw tooLarge()
    if (bytes.length < end) return undefined
    if (bytes.length > end) throw new Fault(ALERTS.unexpectedMessage, 'something follows its hello in the same record')
    return readHello(new Fields(bytes, MESSAGE_HEADER, end))
  }
}

const tooLarge = (): Fault => new Fault(ALERTS.illegalParameter, `its hello has more than ${MAX_MESSAGE_BYTES} bytes`)

/** Of the record that begins at `at`, whose header is whole. */
function sizeOfRecord(bytes: Buffer, at: number): number {
  if (bytes[at] !== HANDSHAKE)
    throw new Fault(ALERTS.unexpectedMessage, 'another record stands in the middle of its hello')
  if (bytes[at + 1] !== 3)
    throw new Fault(ALERTS.protocolVersion, `its record is of version ${bytes[at + 1]}.${bytes[at + 2]}`)
  const size = bytes.readUInt16BE(at + 3)
  if (size > MAX_RECORD) throw new Fault(ALERTS.recordOverflow, `a record has ${size} bytes`)
  if (size === 0) throw new Fault(ALERTS.unexpectedMessage, 'a record of its hello is empty')
  return size
}

/** Bytes that come in pieces. Its room doubles, so that many small ones are not copied as often. */
class Collected {
  private buffer = Buffer.alloc(0)
  length = 0

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  add(piece: Buffer): void {
    const length = this.length + piece.length
    if (length > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.buffer.length))
      this.buffer.copy(larger, 0, 0, this.length)
      this.buffer = larger
    }
    piece.copy(this.buffer, this.length)
    this.length = length
  }
}

/** Whether a ClientHello, in the records that it came in, offers `protocol` by ALPN. false as well for what is cut or no such thing. */
export function offersProtocol(records: Buffer, protocol: string): boolean {
  const reading = new HelloReader().push(records)
  return reading.kind === 'hello' && reading.hello.protocols.includes(protocol)
}

/** A stretch of bytes that is read from its start to its end, of which nothing may be left out. */
class Fields {
  private readonly buffer: Buffer
  private at: number
  private readonly end: number

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer
    this.at = start
    this.end = end
  }

  get isOver(): boolean {
    return this.at === this.end
  }

  number(size: 1 | 2): number {
    return this.buffer.readUIntBE(this.skip(size), size)
  }

  /** Behind its own length, which has `size` bytes. */
  vector(size: 1 | 2): Fields {
    const length = this.number(size)
    const start = this.skip(length)
    return new Fields(this.buffer, start, start + length)
  }

  /** All that is left, one character a byte. */
  text(): string {
    const { length } = this
    const start = this.skip(length)
    return this.buffer.toString('latin1', start, start + length)
  }

  get length(): number {
    return this.end - this.at
  }

  /** Returns where it was. */
  skip(count: number): number {
    const { at } = this
    if (at + count > this.end) throw new Fault(ALERTS.decodeError, 'its hello ends too early')
    this.at = at + count
    return at
  }
}

const check = (holds: boolean, detail: string): void => {
  if (!holds) throw new Fault(ALERTS.decodeError, detail)
}

function readHello(fields: Fields): ClientHello {
  const version = fields.number(2)
  // RFC 7568 3.
  if (version <= 0x0300 || version >> 8 !== 3)
    throw new Fault(ALERTS.protocolVersion, `it offers version ${version >> 8}.${version & 255}, which is no TLS`)
  fields.skip(32)
  check(fields.vector(1).length <= 32, 'its session is too long')
  const { length: ciphers } = fields.vector(2)
  check(ciphers >= 2 && ciphers % 2 === 0, 'its list of ciphers is no such thing')
  check(fields.vector(1).length >= 1, 'it names no compression')
  const hello = fields.isOver ? { serverName: undefined, protocols: [] } : readExtensions(fields.vector(2))
  check(fields.isOver, 'something follows its extensions')
  return hello
}

function readExtensions(list: Fields): ClientHello {
  const seen = new Set<number>()
  let serverName: string | undefined
  let protocols: readonly string[] = []
  while (!list.isOver) {
    const type = list.number(2)
    const extension = list.vector(2)
    if (seen.has(type)) throw new Fault(ALERTS.illegalParameter, `it has extension ${type} twice`)
    seen.add(type)
    if (type === SERVER_NAME) serverName = readServerName(extension)
    else if (type === ALPN) protocols = readProtocols(extension)
  }
  return { serverName, protocols }
}

/** As host names are sent: no address, no dot at the end (RFC 6066 3); underscores stand in some. */
const HOST_NAME = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,62})(?:\.[a-z\d_][a-z\d_-]{0,62})*$/

/** One, of a host: no other kind has been defined. */
function readServerName(extension: Fields): string {
  const list = extension.vector(2)
  check(extension.isOver, 'something follows its server name')
  check(list.number(1) === 0, 'its server name is none of a host')
  const name = list.vector(2).text().toLowerCase()
  check(list.isOver, 'it asks for two servers')
  if (!HOST_NAME.test(name)) throw new Fault(ALERTS.illegalParameter, 'its server name is none of a host')
  return name
}

function readProtocols(extension: Fields): readonly string[] {
  const list = extension.vector(2)
  check(extension.isOver && !list.isOver, 'its list of protocols is no such thing')
  const names: string[] = []
  while (!list.isOver) {
    const name = list.vector(1).text()
    check(name !== '', 'it offers a protocol without a name')
    names.push(name)
  }
  return names
}

const isHttp = (bytes: Buffer): boolean => /^[A-Z]{3,20} /.test(bytes.toString('latin1', 0, 24))

/** Whether it looks like the beginning of a request in plain HTTP, as far as it has come. */
const mayBeHttp = (bytes: Buffer): boolean => /^[A-Z]{1,20}$|^[A-Z]{3,20} /.test(bytes.toString('latin1', 0, 24))
