/** One backend's counts on the watchers' scale: what came since the last frame, and in the recent window. */
import { scaleSize } from '../observe/scale.ts'

export interface ScaleWindow {
  /** Since the call before; valid until the next. */
  delta(): Float64Array
  /** Adds what came in the newest one to two half windows to `sum`. */
  addRecent(sum: Float64Array): void
  /** Begins a new half window. */
  turn(): void
}

/** `counts` is live and only rises. */
export function createScaleWindow(counts: Uint32Array): ScaleWindow {
  const last = new Uint32Array(counts)
  const added = new Float64Array(scaleSize)
  let older = new Uint32Array(counts)
  let newer = new Uint32Array(counts)
  return {
    delta() {
      for (let index = 0; index < scaleSize; index++) added[index] = (counts[index] ?? 0) - (last[index] ?? 0)
      last.set(counts)
      return added
    },
    addRecent(sum) {
      for (let index = 0; index < scaleSize; index++)
        sum[index] = (sum[index] ?? 0) + (counts[index] ?? 0) - (older[index] ?? 0)
    },
    turn() {
      const spare = older
      older = newer
      newer = spare
      newer.set(counts)
    },
  }
}
