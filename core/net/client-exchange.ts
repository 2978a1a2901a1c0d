/** What a client's connection talks to, and what is known of who is at its other end. */
import type { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'

/** What answers one request. */
export interface ClientExchange {
  /** Whether it takes body bytes now; while it does not, they stay with the connection, until `resumeBody`. */
  readonly takesBody: boolean
  /** bytes[start..end) of the body: chunks with their size lines when it is chunked, else data. */
  onRequestBody(bytes: Buffer, start: number, end: number): void
  onRequestEnd(trailers: FieldSection | undefined): void
  /** The body breaks HTTP's rules or came too slowly; nothing more will be read. */
  onRequestFault(error: ProtocolError): void
  /** The client takes the response too slowly (true) or has caught up (false). */
  onClientBlocked(isBlocked: boolean): void
  /** The connection is gone. */
  onClientGone(): void
}

/** Who a peer is, as far as its address tells; shared by the connections of one address. */
export interface ClientIdentity {
  /** IP address as text; '' for a Unix socket. */
  readonly address: string
  /** A trusted proxy: its X-Forwarded-* fields are believed and extended, not replaced. */
  readonly isTrusted: boolean
  /** Whether another address, from X-Forwarded-For, is a trusted proxy too. */
  readonly isTrustedProxy: (address: string) => boolean
  /** The lines added to each of its requests. */
  readonly forwardedFields: Buffer
}
