/**
 * What stat(2) tells of a file without reading it: another stamp when the path leads to another file, or when the file
 * was written to. Synchronous, 3 µs; the asynchronous way may wait for name look-ups in the same threads.
 */
import { statSync } from 'node:fs'

export interface FileStamp {
  /** Device, inode, size and the times of the last change; for what cannot be looked at, why. */
  readonly text: string
  /** Wall ms of the last change; Infinity when there is none to speak of. */
  readonly changedAt: number
}

/** Never throws. Links are followed. */
export function stampOf(path: string): FileStamp {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    // The time of the last write can be set by hand, that of the last change cannot.
    return { text: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedAt: Number(ctimeNs / 1_000_000n) }
  } catch (error) {
    return { text: error instanceof Error && 'code' in error ? String(error.code) : 'unknown', changedAt: Infinity }
  }
}

/** Kernels keep the times in steps of up to 10 ms: within one, a second write leaves no trace but in the size. */
const stepMs = 100

/** Whether an equal stamp, later, will mean an equal content: `wallTime` is that of the look. */
export const isSettled = ({ changedAt }: FileStamp, wallTime: number): boolean => wallTime - changedAt > stepMs
