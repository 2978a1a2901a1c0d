/** Ids of traces and spans: random, in lower-case hexadecimal digits, never all zeros. */

/** Fills it with random bytes. */
export type Fill = (bytes: Uint8Array) => void

/** Asked for at once: a call costs as much as some hundred bytes. */
const POOL_BYTES = 4096

const ZEROS: Readonly<Record<number, string>> = { 8: '0'.repeat(16), 16: '0'.repeat(32) }

export class TraceIds {
  private readonly fill: Fill
  private readonly pool = Buffer.alloc(POOL_BYTES)
  private at = POOL_BYTES

  constructor(fill: Fill) {
    this.fill = fill
  }

  traceId(): string {
    return this.next(16)
  }

  spanId(): string {
    return this.next(8)
  }

  private next(length: number): string {
    for (;;) {
      if (this.at + length > POOL_BYTES) {
        this.fill(this.pool)
        this.at = 0
      }
      const from = this.at
      this.at += length
      const id = this.pool.toString('hex', from, this.at)
      if (id !== ZEROS[length]) return id
    }
  }
}
