/**
 * What has been sent of a request's body, kept so that another attempt can have it, within a bound for each request and
 * one for all together. Beyond either it is let go, and the request goes on as one that can't be sent twice.
 */
import { isGrpcRequest } from '../http1/grpc.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Pool } from '../pool/pool.ts'
import type { BackendStream } from '../stream/backend-stream.ts'
import { isRepeatable } from './retry.ts'

/** The memory of all bodies that are kept, in bytes. */
export interface ReplayMemory {
  replayBytes: number
}

const FIRST_BYTES = 1024
const NOTHING = Buffer.alloc(0)

export class Replay {
  private readonly memory: ReplayMemory
  private readonly maxBytes: number
  private readonly maxTotalBytes: number
  /** undefined: let go. */
  private kept: Buffer | undefined = NOTHING
  private size = 0

  /** `maxBytes`: of this body; `maxTotalBytes`: of what `memory` counts. */
  constructor(memory: ReplayMemory, maxBytes: number, maxTotalBytes: number) {
    this.memory = memory
    this.maxBytes = maxBytes
    this.maxTotalBytes = maxTotalBytes
  }

  /** It holds all that was sent. */
  get isWhole(): boolean {
    return this.kept !== undefined
  }

  /** Copies bytes[start..end), which are about to be sent. */
  keep(bytes: Buffer, start: number, end: number): void {
    const size = this.size + end - start
    if (this.kept === undefined) return
    if (size > this.maxBytes || !this.grow(this.kept, size)) {
      this.release()
      return
    }
    bytes.copy(this.kept, this.size, start, end)
    this.size = size
  }

  /** Sends what is kept on `stream`. */
  sendTo(stream: BackendStream): void {
    // Never to the end of the buffer, which the wire would take for given away: see Wire.write.
    if (this.kept !== undefined && this.size > 0) stream.sendBody(this.kept, 0, this.size)
  }

  /** Lets it go. */
  release(): void {
    this.memory.replayBytes -= this.kept?.length ?? 0
    this.kept = undefined
  }

  /** Makes room for `size` bytes and one more; false: all bodies together would take too much. */
  private grow(kept: Buffer, size: number): boolean {
    if (size < kept.length) return true
    const length = Math.min(Math.max(FIRST_BYTES, 2 * kept.length, size + 1), Math.max(this.maxBytes, size) + 1)
    if (this.memory.replayBytes - kept.length + length > this.maxTotalBytes) return false
    const grown = Buffer.allocUnsafeSlow(length)
    kept.copy(grown, 0, 0, this.size)
    this.memory.replayBytes += length - kept.length
    this.kept = grown
    return true
  }
}

/**
 * For a request whose body is still to come; undefined: it would not be made again, or its body is known to be too large.
 * Over HTTP/2 any may be refused untouched, and is then made again whatever it asks for.
 */
export function replayFor(
  head: RequestHead,
  { retry: { attempts, maxBodyBytes, grpcStatuses }, mayRefuse = false }: Pick<Pool, 'retry' | 'mayRefuse'>,
  memory: ReplayMemory,
  maxTotalBytes: number,
): Replay | undefined {
  if (attempts === 1 || head.fields.contentLength > maxBodyBytes || maxBodyBytes === 0) return undefined
  const mayBeSentAgain = mayRefuse || isRepeatable(head) || (grpcStatuses.length > 0 && isGrpcRequest(head))
  return mayBeSentAgain ? new Replay(memory, maxBodyBytes, maxTotalBytes) : undefined
}
