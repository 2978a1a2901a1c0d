/** Ids of traces and spans: random, in lower-case hexadecimal digits, never all zeros. */

/** Of a trace in 16 bytes, and of a span in the 8 behind them: `bytes` is not written to any more. */
export interface NewIds {
  readonly bytes: Buffer
  readonly at: number
}

export const TRACE_BYTES = 16
export const SPAN_BYTES = 8

/** Fills it with random bytes. */
export type Fill = (bytes: Uint8Array) => void

/** Asked for at once: a call costs as much as some hundred bytes. */
const POOL_BYTES = 4096

export class TraceIds {
  private readonly fill: Fill
  /** Another one when it is used up: ids that were drawn are read later, or never. */
  private pool = Buffer.alloc(0)
  private at = 0

  constructor(fill: Fill) {
    this.fill = fill
  }

  /** Of a trace and its first span, as bytes: most are never read by anybody here. */
  draw(): NewIds {
    for (;;) {
      const at = this.take(TRACE_BYTES + SPAN_BYTES)
      const { pool: bytes } = this
      if (!isZero(bytes, at, at + TRACE_BYTES) && !isZero(bytes, at + TRACE_BYTES, this.at)) return { bytes, at }
    }
  }

  spanId(): string {
    for (;;) {
      const at = this.take(SPAN_BYTES)
      if (!isZero(this.pool, at, this.at)) return this.pool.toString('hex', at, this.at)
    }
  }

  private take(length: number): number {
    if (this.at + length > this.pool.length) {
      this.pool = Buffer.alloc(POOL_BYTES)
      this.fill(this.pool)
      this.at = 0
    }
    const { at } = this
    this.at += length
    return at
  }
}

export const traceIdOf = ({ bytes, at }: NewIds): string => bytes.toString('hex', at, at + TRACE_BYTES)

export const spanIdOf = ({ bytes, at }: NewIds): string =>
  bytes.toString('hex', at + TRACE_BYTES, at + TRACE_BYTES + SPAN_BYTES)

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false
  return true
}
