/** A query without the pairs of one name: what they say is a matter between the client and us. */
import { pairNamed } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'

const AMPERSAND = 0x26

/** With its question mark, one character a byte; empty when nothing is left, or there was none. Other pairs keep their bytes. */
export function queryWithout(head: RequestHead, name: string): string {
  const { bytes, pathEnd, targetEnd } = head
  let rest = ''
  let from = pathEnd + 1
  for (;;) {
    const pair = pairNamed(bytes, from, targetEnd, name, AMPERSAND)
    if (pair === undefined) break
    rest += bytes.toString('latin1', from, pair.start)
    from = pair.end + 1
  }
  if (from < targetEnd) rest += bytes.toString('latin1', from, targetEnd)
  else if (rest.endsWith('&') && from > pathEnd + 1) rest = rest.slice(0, -1)
  return rest === '' ? '' : `?${rest}`
}
