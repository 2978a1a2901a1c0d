/** Ids of traces and spans: random, in lower-case hexadecimal digits, never all zeros. */

export interface NewIds {
  /** 32 digits. */
  readonly traceId: string
  /** 16 digits. */
  readonly spanId: string
}

/** Fills it with random bytes. */
export type Fill = (bytes: Uint8Array) => void

/** Asked for at once: a call costs as much as some hundred bytes. */
const POOL_BYTES = 4096

const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

export class TraceIds {
  private readonly fill: Fill
  private readonly pool = Buffer.alloc(POOL_BYTES)
  private at = POOL_BYTES

  constructor(fill: Fill) {
    this.fill = fill
  }

  /** Of a trace and its first span, which cost no more than one. */
  both(): NewIds {
    for (;;) {
      const digits = this.next(24)
      const [traceId, spanId] = [digits.slice(0, 32), digits.slice(32)]
      if (traceId !== NO_TRACE && spanId !== NO_SPAN) return { traceId, spanId }
    }
  }

  spanId(): string {
    for (;;) {
      const id = this.next(8)
      if (id !== NO_SPAN) return id
    }
  }

  private next(length: number): string {
    if (this.at + length > POOL_BYTES) {
      this.fill(this.pool)
      this.at = 0
    }
    const from = this.at
    this.at += length
    return this.pool.toString('hex', from, this.at)
  }
}
