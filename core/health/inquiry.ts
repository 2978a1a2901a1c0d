/** What a check asks over a connection of its own, in whichever protocol, and what it makes of the answer. */

/** `passed`: the member is well. */
export interface Verdict {
  readonly passed: boolean
  readonly detail: string
}

/** Over which it is asked. */
export interface Line {
  /** The member's host, and port if any. */
  readonly authority: string
  readonly scheme: 'http' | 'https'
  /** Bytes that are valid until it returns. */
  readonly send: (bytes: Buffer) => void
}

export interface Inquiry {
  /** What the answer is to be in. */
  readonly kind: 'HTTP' | 'gRPC'
  /** The first bytes. */
  begin(): void
  /** undefined: more is to come. Once there is a verdict it is the same, while the rest is taken. Throws ProtocolError for what is no answer. */
  read(piece: Buffer): Verdict | undefined
  /** The answer has been read to its end, and the connection is of no use any more; false: it is the member who closes. */
  readonly isOver: boolean
}
