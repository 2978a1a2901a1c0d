/** Received bytes that outlive the event in which they came: who keeps some keeps what this returns. */

const lent: ArrayBufferLike[] = []

/** From now on the memory of `bytes` is overwritten by what comes next. There are few such buffers. */
export function lend(bytes: Buffer): void {
  lent.push(bytes.buffer)
}

/** Whether they will be overwritten. A buffer that Bun has made gets an ArrayBuffer when it is asked for it, at 1 µs. */
export const isLent = (bytes: Buffer): boolean => lent.length > 0 && lent.includes(bytes.buffer)

/** The same bytes, copied where they would be overwritten. */
export const retained = (bytes: Buffer): Buffer => (isLent(bytes) ? Buffer.from(bytes) : bytes)
