/**
 * What peers of HTTP/2 have this process hold, so that many connections can't add up to what one of them may not have. The
 * budgets are the process's; where requests have used up theirs, each connection still has its share.
 */

/** What a stream takes by itself, with its exchange, its attempt and a small response that is not taken: 3.9 KiB by measurement. */
const STREAM_BYTES = 4096
/** Of a head that is counted in, since most are no longer. */
const USUAL_HEAD_BYTES = 1024
/** A page's worth. */
const FEW_STREAMS = 32
/** Of one connection's heads, what is beyond that. */
const MAX_CONNECTION_HEAD_BYTES = 1024 * 1024

export class ByteBudget {
  /** In use. */
  bytes = 0
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  get free(): number {
    return this.max - this.bytes
  }

  hasRoom(length: number): boolean {
    return length <= this.free
  }
}

/** Requests of clients: 10,240 of them. */
export const inStreams = new ByteBudget(40 * 1024 * 1024)
/** What is long of their heads. These alone, 0.6 MiB sent over 100 connections, made others hold 943 MB. */
export const inHeads = new ByteBudget(10 * 1024 * 1024)
/** Content that peers do not take. */
export const inQueues = new ByteBudget(128 * 1024 * 1024)
/** Heads of requests that come in several frames, as far as they have come. */
export const inBlocks = new ByteBudget(8 * 1024 * 1024)
/** What has been read of clients and waits for its turn. */
export const LINE_BYTES = 8 * 1024 * 1024
export const inLine = new ByteBudget(LINE_BYTES)
/** Of each of them in any case: what is read at once of one that has to wait is half of it. */
export const LINE_SHARE = 4096

/** What counts of a head of that length. */
export const excessOf = (headLength: number): number => Math.max(0, headLength - USUAL_HEAD_BYTES)

/** What one connection has of a budget: its share in any case, and beyond that never more than is left for all others, so that those who come first do not take all (Choudhury and Hahne, 1998). */
class Part {
  bytes = 0
  private readonly budget: ByteBudget
  private readonly share: number
  private readonly max: number

  constructor(budget: ByteBudget, share: number, max: number) {
    this.budget = budget
    this.share = share
    this.max = max
  }

  hasRoom(more: number): boolean {
    const own = this.bytes + more
    return own <= this.share || own <= Math.min(this.max, this.budget.free)
  }

  take(more: number): void {
    this.bytes += more
    this.budget.bytes += more
  }
}

/** The requests of one connection. */
export class RequestMemory {
  private readonly streams = new Part(inStreams, 4 * STREAM_BYTES, Infinity)
  private readonly heads = new Part(inHeads, 4 * USUAL_HEAD_BYTES, MAX_CONNECTION_HEAD_BYTES)

  /** For one more. `headExcess`: see `excessOf`. */
  hasRoom(headExcess: number): boolean {
    return this.streams.hasRoom(STREAM_BYTES) && (headExcess === 0 || this.heads.hasRoom(headExcess))
  }

  /** Whether it would be one of few that it has, and no more than it may have: others give way to it. */
  hasFew(headExcess: number): boolean {
    return this.streams.bytes < FEW_STREAMS * STREAM_BYTES && this.heads.bytes + headExcess <= MAX_CONNECTION_HEAD_BYTES
  }

  take(headExcess: number): void {
    this.streams.take(STREAM_BYTES)
    this.heads.take(headExcess)
  }

  give(headExcess: number): void {
    this.streams.take(-STREAM_BYTES)
    this.heads.take(-headExcess)
  }
}
