/** What goes along with a request that was admitted: what backend and client are told, and what is given back at its end. */
import type { Cancel } from '../clock.ts'

/** Lines are `Name: value` with CRLF each, one character a byte, as `fieldLine` makes them; names of drops are in lower case. */
export interface Pass {
  /** What the client says in these fields, of the head and of trailers, goes no further, with `_` for `-` neither. */
  readonly requestDrops?: readonly string[]
  /** Pairs of that name in the query go no further. */
  readonly queryDrop?: string
  /** What the backend is told besides. */
  readonly requestLines?: string
  /** What the backend says in these fields goes no further. */
  readonly responseDrops?: readonly string[]
  /** What the client is told besides, whoever answers. */
  readonly responseLines?: string
  /** Called once, when the exchange is over, however it ended. */
  readonly release?: Cancel
}

/** Both, one behind the other. */
export function joined(first: Pass | undefined, second: Pass | undefined): Pass | undefined {
  if (first === undefined || second === undefined) return first ?? second
  const queryDrop = first.queryDrop ?? second.queryDrop
  return {
    ...(queryDrop !== undefined && { queryDrop }),
    requestDrops: [...(first.requestDrops ?? []), ...(second.requestDrops ?? [])],
    requestLines: (first.requestLines ?? '') + (second.requestLines ?? ''),
    responseDrops: [...(first.responseDrops ?? []), ...(second.responseDrops ?? [])],
    responseLines: (first.responseLines ?? '') + (second.responseLines ?? ''),
    release() {
      first.release?.()
      second.release?.()
    },
  }
}

/** Names of fields as `requestDrops` has them: `_` and `-` are one. */
export const dropsOf = (names: readonly string[]): string[] => names.map((name) => name.replaceAll('_', '-'))
