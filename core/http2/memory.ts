/**
 * What peers of HTTP/2 have this process hold, so that many connections can't add up to what one of them may not have. The
 * budgets are the process's; where streams have used up theirs, each connection still has its share.
 */

/** What a stream takes by itself, with its exchange, its attempt and a small response that is not taken: 3.9 KiB by measurement. */
export const STREAM_BYTES = 4096
/** Of its head that is counted in, since most are no longer. */
const USUAL_HEAD_BYTES = 1024
/** What each byte beyond that counts: it is made anew for the backend, and what it took is free only when memory is collected. */
const HEAD_FACTOR = 4
/** 10,240 streams with usual heads. Heads alone, 0.6 MiB sent over 100 connections, made others hold 943 MB. */
const MAX_STREAMS_BYTES = 40 * 1024 * 1024
/** Of one connection, with 100 streams at most. */
const MAX_CONNECTION_BYTES = 4 * 1024 * 1024
/** And in any case: four streams with usual heads. */
const SHARE_BYTES = 4 * STREAM_BYTES

export class ByteBudget {
  /** In use. */
  bytes = 0
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  hasRoom(length: number): boolean {
    return this.bytes + length <= this.max
  }
}

/** Requests of clients. */
export const inStreams = new ByteBudget(MAX_STREAMS_BYTES)
/** Content that peers do not take. */
export const inQueues = new ByteBudget(128 * 1024 * 1024)
/** Heads of requests that come in several frames, as far as they have come. */
export const inBlocks = new ByteBudget(8 * 1024 * 1024)
/** What has been read of clients and waits for its turn. */
export const inLine = new ByteBudget(4 * 1024 * 1024)

/** What a stream with a head of that length counts. */
export const weightOf = (headLength: number): number =>
  STREAM_BYTES + HEAD_FACTOR * Math.max(0, headLength - USUAL_HEAD_BYTES)

/** The streams of one connection. */
export class StreamMemory {
  private bytes = 0

  hasRoom(weight: number): boolean {
    const own = this.bytes + weight
    if (own > MAX_CONNECTION_BYTES) return false
    return own <= SHARE_BYTES || inStreams.hasRoom(weight)
  }

  take(weight: number): void {
    this.bytes += weight
    inStreams.bytes += weight
  }

  give(weight: number): void {
    this.take(-weight)
  }
}
