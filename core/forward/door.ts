/** What a listener does with all requests that come in by it, whatever their route says. */

/** Lines are `Name: value` with CRLF each, one character a byte; names of drops are in lower case. */
export interface Door {
  /** Every request is sent to the same place of `https://`, at that port; absent: none is. */
  readonly redirect?: { readonly port: number }
  /** What the client says in these fields goes no further. */
  readonly requestDrops?: readonly string[]
  /** What backends are told besides. */
  readonly requestLines?: string
  /** What backends say in these fields goes no further. */
  readonly responseDrops?: readonly string[]
  /** What the client is told besides, whoever answers. */
  readonly responseLines?: string
}
