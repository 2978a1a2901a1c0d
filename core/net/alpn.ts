/** Which protocol a connection over TLS is to speak, as a client offers it and a server picks (ALPN, RFC 7301). Pure. */
import type { Protocol } from './opening.ts'

export const HTTP_1_1: readonly Protocol[] = ['http/1.1']
export const HTTP_2: readonly Protocol[] = ['h2']
export const EITHER: readonly Protocol[] = ['h2', 'http/1.1']

/** On the wire: each with its length before it (RFC 7301 3.1). */
export const alpnBytes = (offers: readonly Protocol[]): Buffer =>
  Buffer.from(offers.map((name) => `${String.fromCharCode(name.length)}${name}`).join(''), 'latin1')

/** What the server has picked: of one that says nothing, since it knows of no such thing, HTTP/1.1. undefined: nothing of what was offered. */
export function agreedOn(picked: string | false | null, offers: readonly Protocol[]): Protocol | undefined {
  const name = picked === false || picked === null || picked === '' ? 'http/1.1' : picked
  return offers.find((offer) => offer === name)
}
