/** What is said when there is no time left: written before the call returns, whatever the event loop is doing. */
import { writeSync } from 'node:fs'

const stderr = 2
const pauseMs = 10
/** A reader that is stuck gets a second, then what is left is lost: the process must end. */
const maxPauses = 100

/** To standard error, before it returns. Never throws. */
export function writeNow(text: string): void {
  let bytes = Buffer.from(text)
  for (let pauses = 0; bytes.length > 0 && pauses < maxPauses;) {
    try {
      bytes = bytes.subarray(writeSync(stderr, bytes))
    } catch (error) {
      if (!isFull(error)) return
      pauses += 1
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}

/** A pipe whose reader has not come round. */
const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN'
