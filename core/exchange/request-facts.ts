/** What an exchange must remember of its request's head, since the parser that read it goes on to other messages. */
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { MAX_GATHERED_BYTES } from '../net/outbox.ts'
import { acceptsTrailers, isUpgrade } from '../forward/rewrite-request.ts'

export class RequestFacts {
  readonly isHead: boolean
  /** HTTP/1.0: no chunks, no interim responses. */
  readonly isOldClient: boolean
  readonly isUpgrade: boolean
  readonly takesTrailers: boolean
  readonly wantsKeepAlive: boolean
  readonly isChunked: boolean
  private readonly bytes: Buffer
  private readonly start: number
  private readonly head: RequestHead
  private readonly limits: HttpLimits

  /** `head` holds the request's head now. */
  constructor(head: RequestHead, limits: HttpLimits) {
    this.isHead = isHeadMethod(head)
    this.isOldClient = head.minorVersion === 0
    this.isUpgrade = head.fields.connection !== 0 && isUpgrade(head)
    this.takesTrailers = acceptsTrailers(head)
    this.wantsKeepAlive = head.wantsKeepAlive
    this.isChunked = head.fields.isChunked
    // A large buffer holds a body as well, whose wire frees it: see Wire.write.
    const isAlone = head.bytes.length <= MAX_GATHERED_BYTES
    this.bytes = isAlone ? head.bytes : Buffer.from(head.bytes.subarray(head.start, head.fields.end))
    this.start = isAlone ? head.start : 0
    this.head = head
    this.limits = limits
  }

  /** Reads the head again, which costs a microsecond: for errors and later attempts. */
  readHead(): RequestHead {
    this.head.parse(this.bytes, this.start, this.bytes.length, this.limits)
    return this.head
  }
}

/** HEAD: RFC 9110 9.3.2. */
function isHeadMethod(head: RequestHead): boolean {
  const { bytes, start } = head
  return head.methodEnd - start === 4 && bytes[start] === 0x48 && head.method === 'HEAD'
}
