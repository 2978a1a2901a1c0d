/** Received bytes that outlive the event in which they came: who keeps some keeps what this returns. */

let lent: ArrayBufferLike | undefined

/** From now on the memory of `bytes` is overwritten by what comes next. There is one such buffer in a process. */
export function lend(bytes: Buffer): void {
  lent = bytes.buffer
}

/** Whether they will be overwritten. */
export const isLent = (bytes: Buffer): boolean => bytes.buffer === lent

/** The same bytes, copied where they would be overwritten. */
export const retained = (bytes: Buffer): Buffer => (isLent(bytes) ? Buffer.from(bytes) : bytes)
