/** What a PROXY header tells (HAProxy's proxy-protocol.txt, 2.2 and 2.3), in either version. */

export interface ProxyHeader {
  readonly version: 1 | 2
  /**
   * Whom the connection is made for; undefined: for whoever has made it, as the sender says (LOCAL, UNKNOWN, UNSPEC), or for
   * somebody without an address (AF_UNIX).
   */
  readonly route: Route | undefined
  readonly told: Told
}

/** Both of one family. */
export interface Route {
  readonly source: Node
  readonly destination: Node
}

export interface Node {
  /** IP address, in its one form. */
  readonly address: string
  /** 0..65535. */
  readonly port: number
}

/** What else version 2 may tell, each at most once; keys that are absent are not told. */
export interface Told {
  /** ALPN of the connection in front, one character a byte. */
  readonly alpn?: string
  /** The host that the client asked for, lower case: SNI, as a rule. */
  readonly authority?: string
  /** 1..128 bytes that stand for the connection. */
  readonly uniqueId?: Buffer
  /** The client spoke TLS to the sender. */
  readonly isSecure?: true
}

/** Sizes in bytes. */
export const MAX_V1_BYTES = 107
export const V2_HEAD_BYTES = 16
/** The standard allows 64 KiB; senders need some hundred, and 2 KiB with a client's certificate. */
export const MAX_V2_BYTES = 4096
export const MAX_UNIQUE_ID_BYTES = 128
export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** The types of what is told (2.2 of the standard). */
export const ALPN = 0x01
export const AUTHORITY = 0x02
export const CRC32C = 0x03
export const UNIQUE_ID = 0x05
export const SSL = 0x20
/** In the first byte of `SSL`: the client spoke TLS. */
export const CLIENT_SSL = 0x01

export const LOCAL_COMMAND = 0x20
export const PROXY_COMMAND = 0x21

/** Address family and transport, with the bytes of their addresses. */
export const UNSPECIFIED = 0x00
export const TCP4 = 0x11
export const TCP6 = 0x21
export const UNIX_STREAM = 0x31
