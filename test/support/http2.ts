/** HTTP/2 in bytes: frames and field blocks as a test writes them, without our codec, and what a side has sent as lines. */
import { CANCEL, nameOfCode } from '../../core/http2/errors.ts'
import * as frames from '../../core/http2/frames.ts'
import { blockOf, HpackDecoder } from '../../core/http2/hpack-decoder.ts'
import { nameOf, valueOf } from '../../core/http2/field.ts'
import { bytesOf, textOf } from './http1-bytes.ts'

const TYPES = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
]

export const PREFACE = textOf(frames.PREFACE)

/** One frame; text stands for bytes. `length`: what its header says, where that is a lie. */
export function frame(type: number, flags: number, streamId: number, payload = '', length = payload.length): string {
  const header = Buffer.alloc(9)
  header.writeUIntBE(length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(streamId, 5)
  return textOf(header) + payload
}

export function number32(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return textOf(bytes)
}

/** RFC 7541 5.2, as it is; up to 16,510 bytes. */
function literal(text: string): string {
  const { length } = text
  if (length < 127) return String.fromCharCode(length) + text
  const rest = length - 127
  const more = rest < 128 ? [rest] : [(rest & 0x7f) | 0x80, rest >> 7]
  return String.fromCharCode(127, ...more) + text
}

export type Fields = readonly (readonly [name: string, value: string])[]

/** A field block of literals that go into no table. */
export const block = (fields: Fields): string =>
  fields.map(([name, value]) => `\0${literal(name)}${literal(value)}`).join('')

/** The same, each for the table. */
export const keptBlock = (fields: Fields): string =>
  fields.map(([name, value]) => `\x40${literal(name)}${literal(value)}`).join('')

export const GET: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
]
export const POST: Fields = [[':method', 'POST'], ...GET.slice(1)]

export const END_STREAM = frames.FLAG_END_STREAM
export const END_HEADERS = frames.FLAG_END_HEADERS

/** A request without a body. */
export const get = (streamId: number, more: Fields = []): string =>
  frame(frames.HEADERS, END_STREAM | END_HEADERS, streamId, block([...GET, ...more]))

/** The head of one that has a body. */
export const post = (streamId: number, more: Fields = []): string =>
  frame(frames.HEADERS, END_HEADERS, streamId, block([...POST, ...more]))

export const headers = (streamId: number, fields: Fields, flags = END_STREAM | END_HEADERS): string =>
  frame(frames.HEADERS, flags, streamId, block(fields))

export const data = (streamId: number, payload: string, flags = 0): string =>
  frame(frames.DATA, flags, streamId, payload)

export const settings = (...pairs: readonly (readonly [identifier: number, value: number])[]): string =>
  frame(
    frames.SETTINGS,
    0,
    0,
    pairs
      .map(([identifier, value]) => String.fromCharCode(identifier >> 8, identifier & 0xff) + number32(value))
      .join(''),
  )

export const ping = (payload = '12345678', flags = 0): string => frame(frames.PING, flags, 0, payload)
export const reset = (streamId: number, code = CANCEL): string => frame(frames.RST_STREAM, 0, streamId, number32(code))
export const windowUpdate = (streamId: number, increment: number): string =>
  frame(frames.WINDOW_UPDATE, 0, streamId, number32(increment))
export const goAway = (lastStreamId: number, code = 0): string =>
  frame(frames.GOAWAY, 0, 0, number32(lastStreamId) + number32(code))
export const priority = (streamId: number, dependsOn: number): string =>
  frame(frames.PRIORITY, 0, streamId, `${number32(dependsOn)}\x10`)

/** What a client says first. */
export const HELLO = PREFACE + settings()

/** Bytes of content that stream 1 has brought, by the lines of a `FrameLog`. */
export const contentOf = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => {
    const content = /^DATA 1 (?:end )?(.*)$/.exec(line)?.[1] ?? ''
    return sum + Number(/^\((\d+)\)$/.exec(content)?.[1] ?? content.length)
  }, 0)

/** Reads what a side has sent, frame by frame, each as a line: `HEADERS 1 end :status=200`, `GOAWAY 1 PROTOCOL_ERROR`. */
export class FrameLog {
  readonly lines: string[] = []
  private readonly decoder: HpackDecoder
  private rest = ''
  /** Of a field block that is not whole. */
  private block = ''

  /** `tableBytes`: what is kept of the fields that come. */
  constructor(tableBytes = 4096) {
    this.decoder = new HpackDecoder(tableBytes)
  }

  /** `bytes`: one character each. Returns the lines that they added. */
  read(bytes: string): string[] {
    const before = this.lines.length
    this.rest += bytes
    for (;;) {
      const header = bytesOf(this.rest.slice(0, 9))
      if (header.length < 9) break
      const length = header.readUIntBE(0, 3)
      if (this.rest.length < 9 + length) break
      this.lines.push(this.describe(header, bytesOf(this.rest.slice(9, 9 + length))))
      this.rest = this.rest.slice(9 + length)
    }
    return this.lines.slice(before)
  }

  private describe(header: Buffer, payload: Buffer): string {
    const type = header[3] as number
    const flags = header[4] as number
    const streamId = header.readUInt32BE(5)
    const words = [TYPES[type] ?? String(type)]
    const isAck = (type === frames.SETTINGS || type === frames.PING) && (flags & frames.FLAG_ACK) !== 0
    if (isAck) words.push('ack')
    if (streamId > 0 || type === frames.WINDOW_UPDATE) words.push(String(streamId))
    if (type <= frames.HEADERS && (flags & END_STREAM) !== 0) words.push('end')
    return [...words, ...this.describePayload(type, flags, payload)].join(' ')
  }

  private describePayload(type: number, flags: number, payload: Buffer): string[] {
    switch (type) {
      case frames.HEADERS:
      case frames.CONTINUATION: {
        this.block += textOf(payload)
        if ((flags & END_HEADERS) === 0) return []
        const fields: string[] = []
        const block = bytesOf(this.block)
        this.block = ''
        this.decoder.decode(blockOf(block), {
          onField: (field) => void fields.push(`${nameOf(field)}=${valueOf(field)}`),
        })
        return fields
      }
      case frames.DATA:
        return payload.length > 40 ? [`(${payload.length})`] : payload.length > 0 ? [textOf(payload)] : []
      case frames.RST_STREAM:
        return [nameOfCode(payload.readUInt32BE(0))]
      case frames.WINDOW_UPDATE:
        return [`+${payload.readUInt32BE(0)}`]
      case frames.GOAWAY:
        return [String(payload.readUInt32BE(0)), nameOfCode(payload.readUInt32BE(4))]
      case frames.PING:
        return [textOf(payload)]
      default:
        return []
    }
  }
}
