/** Kinds of frames, their flags, and the numbers that both sides agree on (RFC 9113 4, 6). */

export const DATA = 0x0
export const HEADERS = 0x1
export const PRIORITY = 0x2
export const RST_STREAM = 0x3
export const SETTINGS = 0x4
export const PUSH_PROMISE = 0x5
export const PING = 0x6
export const GOAWAY = 0x7
export const WINDOW_UPDATE = 0x8
export const CONTINUATION = 0x9

export const FLAG_ACK = 0x1
export const FLAG_END_STREAM = 0x1
export const FLAG_END_HEADERS = 0x4
export const FLAG_PADDED = 0x8
export const FLAG_PRIORITY = 0x20

export const FRAME_HEADER_BYTES = 9
/** The least that everybody takes, and the most that we ask for (RFC 9113 4.2). */
export const MIN_MAX_FRAME_BYTES = 16_384
export const MAX_MAX_FRAME_BYTES = 16_777_215
export const DEFAULT_WINDOW = 65_535
export const MAX_WINDOW = 0x7fff_ffff
export const MAX_STREAM_ID = 0x7fff_ffff

/** What a client says first (RFC 9113 3.4), before any frame. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Whether these are the first bytes of a server that speaks HTTP/2 alone: its SETTINGS (RFC 9113 3.4), whatever it was asked. */
export const beginsHttp2 = (bytes: Buffer): boolean =>
  bytes.length >= FRAME_HEADER_BYTES &&
  bytes.readUInt16BE(0) === 0 &&
  bytes[3] === SETTINGS &&
  bytes.readUInt32BE(5) === 0
