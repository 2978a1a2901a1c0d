/** The Date field that a response gets when its backend left it out (RFC 9110 6.6.1). */
import type { Clock } from '../clock.ts'

/** `Date: …` with its CRLF, of now; the same bytes for a second, not to be changed. */
export type DateLine = () => Buffer

/** Bytes of every such line. */
export const DATE_LINE_LENGTH = 37

export function dateLines(clock: Pick<Clock, 'wallTime'>): DateLine {
  let second = -1
  let line: Buffer = Buffer.alloc(0)
  return () => {
    const now = Math.floor(clock.wallTime() / 1000)
    if (now !== second) {
      second = now
      // IMF-fixdate (RFC 9110 5.6.7), as ECMAScript 21.4.4.43 writes it too.
      line = Buffer.from(`Date: ${new Date(now * 1000).toUTCString()}\r\n`, 'latin1')
    }
    return line
  }
}
