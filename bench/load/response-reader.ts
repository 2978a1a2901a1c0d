/**
 * Finds the end of one HTTP/1.1 response after another on a connection without pipelining. It is an instrument of its own
 * and shares no code with the balancer that it measures. Keeps no body bytes.
 */

/** What the bytes so far make: an unfinished response, a whole one, or nothing lawful. */
export type Progress = 'more' | 'done' | 'broken'

interface Framing {
  readonly status: number
  /** undefined: the end of the connection ends the body. */
  readonly bodyBytes: number | 'chunked' | undefined
  readonly closes: boolean
}

const headEnd = Buffer.from('\r\n\r\n')
const maxHeadBytes = 256 * 1024

export class ResponseReader {
  /** Of the newest head. */
  status = 0
  /** Whether the newest head says that the connection ends after it. */
  closes = false
  #state: 'head' | 'body' | 'chunks' | 'until-close' = 'head'
  #pending: Buffer | undefined
  #bodyBytesLeft = 0
  #lastHead: Buffer | undefined
  #lastFraming: Framing | undefined

  /** After `done` the next bytes begin the next response; after `broken` the connection is to be closed. */
  feed(bytes: Buffer): Progress {
    switch (this.#state) {
      case 'head':
        return this.#feedHead(bytes)
      case 'body':
        return this.#feedBody(bytes)
      case 'chunks':
        return this.#feedChunks(bytes)
      case 'until-close':
        return 'more'
    }
  }

  /** The connection has ended: only a body that lasts until then is whole. */
  end(): Progress {
    return this.#state === 'until-close' ? this.#finish() : 'broken'
  }

  #feedHead(bytes: Buffer): Progress {
    const all = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    const end = all.indexOf(headEnd)
    if (end < 0) {
      this.#pending = all
      return all.length > maxHeadBytes ? 'broken' : 'more'
    }
    this.#pending = undefined
    const framing = this.#read(all.subarray(0, end))
    if (framing === undefined) return 'broken'
    const rest = all.subarray(end + headEnd.length)
    if (framing.status < 200) return rest.length === 0 ? 'more' : this.#feedHead(rest)
    this.status = framing.status
    this.closes = framing.closes
    return this.#begin(framing.bodyBytes, rest)
  }

  /** Heads repeat: one that equals the last needs no second reading. */
  #read(head: Buffer): Framing | undefined {
    if (this.#lastHead?.equals(head) !== true) {
      this.#lastHead = Buffer.from(head)
      this.#lastFraming = readFraming(head.toString('latin1'))
    }
    return this.#lastFraming
  }

  #begin(body: Framing['bodyBytes'], rest: Buffer): Progress {
    if (body === 'chunked') {
      this.#state = 'chunks'
      return rest.length === 0 ? 'more' : this.#feedChunks(rest)
    }
    if (body === undefined) {
      this.#state = 'until-close'
      return 'more'
    }
    this.#state = 'body'
    this.#bodyBytesLeft = body
    return this.#feedBody(rest)
  }

  #feedBody(bytes: Buffer): Progress {
    this.#bodyBytesLeft -= bytes.length
    if (this.#bodyBytesLeft > 0) return 'more'
    return this.#bodyBytesLeft < 0 ? 'broken' : this.#finish()
  }

  /** Chunk by chunk; a line that has not come whole waits in `#pending`. `#bodyBytesLeft` counts a chunk and its CRLF. */
  #feedChunks(bytes: Buffer): Progress {
    let rest = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    this.#pending = undefined
    while (rest.length > 0) {
      if (this.#bodyBytesLeft > 0) {
        const taken = Math.min(this.#bodyBytesLeft, rest.length)
        this.#bodyBytesLeft -= taken
        rest = rest.subarray(taken)
        continue
      }
      const lineEnd = rest.indexOf('\r\n')
      if (lineEnd < 0) break
      const size = readChunkSize(rest.toString('latin1', 0, lineEnd))
      if (size === undefined) return 'broken'
      if (size === 0) return this.#endChunks(rest, lineEnd)
      this.#bodyBytesLeft = size + 2
      rest = rest.subarray(lineEnd + 2)
    }
    return this.#wait(rest)
  }

  /** The last chunk and its trailers end with an empty line. */
  #endChunks(rest: Buffer, lineEnd: number): Progress {
    const end = rest.indexOf(headEnd, lineEnd)
    if (end < 0) return this.#wait(rest)
    return end + headEnd.length === rest.length ? this.#finish() : 'broken'
  }

  #wait(rest: Buffer): Progress {
    this.#pending = rest.length > 0 ? rest : undefined
    return rest.length > maxHeadBytes ? 'broken' : 'more'
  }

  #finish(): Progress {
    this.#state = 'head'
    return 'done'
  }
}

function readChunkSize(line: string): number | undefined {
  return /^[0-9a-f]{1,8}[ \t]*(;.*)?$/i.test(line) ? Number.parseInt(line, 16) : undefined
}

/** RFC 9112 6.3, for responses to GET and POST. undefined: not an HTTP/1.1 response. */
export function readFraming(head: string): Framing | undefined {
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |\r\n|$)/.exec(head)?.[1] ?? 0)
  if (status < 100) return undefined
  const fields = `${head.toLowerCase()}\r\n`
  const closes = /\r\nconnection:[^\r]*\bclose\b/.test(fields) || head.startsWith('HTTP/1.0')
  if (status < 200 || status === 204 || status === 304) return { status, bodyBytes: 0, closes }
  if (/\r\ntransfer-encoding:[^\r]*chunked/.test(fields)) return { status, bodyBytes: 'chunked', closes }
  const length = /\r\ncontent-length: *(\d+) *\r\n/.exec(fields)?.[1]
  return { status, bodyBytes: length === undefined ? undefined : Number(length), closes }
}
