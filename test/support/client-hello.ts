/** ClientHellos in bytes, valid or not as a test wants. */

export interface HelloParts {
  /** Of the message, not of its record. */
  readonly version?: number
  readonly sessionId?: Buffer
  readonly ciphers?: Buffer
  readonly compression?: Buffer
  /** Type and content, in order; undefined: the field is left out. */
  readonly extensions?: readonly (readonly [type: number, content: Buffer])[] | undefined
  /** Behind all of it, within the message. */
  readonly rest?: Buffer
}

const number = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

/** Behind its own length. */
export const vector = (size: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  return Buffer.concat([number(content.length, size), content])
}

/** An extension of one server name, or of several. */
export const serverNames = (...names: readonly string[]) =>
  [0, vector(2, ...names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name, 'latin1'))])))] as const

export const protocols = (...names: readonly string[]) =>
  [16, vector(2, ...names.map((name) => vector(1, Buffer.from(name, 'latin1'))))] as const

const GREASE = [0x0a0a, Buffer.alloc(0)] as const
const SUPPORTED_VERSIONS = [43, vector(1, Buffer.of(3, 4, 3, 3))] as const

/** The handshake message: one of TLS 1.3 that names nobody, but for `parts`. */
export function helloMessage(parts: HelloParts = {}): Buffer {
  const { version = 0x0303, sessionId = Buffer.alloc(32, 7), ciphers = Buffer.of(0x13, 1, 0x13, 2) } = parts
  const { compression = Buffer.of(0), rest = Buffer.alloc(0) } = parts
  const extensions = 'extensions' in parts ? parts.extensions : [GREASE, SUPPORTED_VERSIONS]
  const listed = extensions?.map(([type, content]) => Buffer.concat([number(type, 2), vector(2, content)]))
  const body = [
    number(version, 2),
    Buffer.alloc(32, 9),
    vector(1, sessionId),
    vector(2, ciphers),
    vector(1, compression),
    ...(listed === undefined ? [] : [vector(2, ...listed)]),
    rest,
  ]
  return Buffer.concat([Buffer.of(1), vector(3, ...body)])
}

/** In records of at most `size` bytes of it. */
export function inRecords(message: Buffer, size = 16_384, version = 0x0301): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size)
    records.push(Buffer.of(22), number(version, 2), vector(2, message.subarray(at, at + size)))
  return Buffer.concat(records)
}

/** One that asks for `names`. */
export const helloFor = (...names: readonly string[]): Buffer =>
  inRecords(helloMessage({ extensions: [GREASE, serverNames(...names), protocols('h2', 'http/1.1')] }))
