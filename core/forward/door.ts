/** What a listener does with all requests that come in by it, whatever their route says. */

/** Lines are `Name: value` with CRLF each, one character a byte; names of drops are in lower case. */
export interface Door {
  /** Every request is sent to the same place of `https://`, at that port; absent: none is. */
  readonly redirect?: { readonly port: number }
  /** Whether a request for that host (lower case) must come by another connection, since it asks for what this one's client was not asked. */
  readonly isMisdirected?: (host: string) => boolean
  /** What clients say in these fields goes no further, but for what trusted proxies say. */
  readonly strangerDrops?: readonly string[]
  /** What the client says in these fields goes no further. */
  readonly requestDrops?: readonly string[]
  /** What backends are told besides. */
  readonly requestLines?: string
  /** What backends say in these fields goes no further. */
  readonly responseDrops?: readonly string[]
  /** What the client is told besides, whoever answers. */
  readonly responseLines?: string
}
