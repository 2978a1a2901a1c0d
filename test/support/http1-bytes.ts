/** Text stands for bytes in the codec's tests, one character a byte. */
import type { HttpLimits } from '../../core/http1/limits.ts'

export const limits: HttpLimits = { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 256 }

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The text in pieces that end at these offsets. */
export function piecesOf(text: string, ...cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  return bounds.slice(1).map((end, index) => bytesOf(text.slice(bounds[index], end)))
}

export const byteByByte = (text: string): Buffer[] => Array.from(text, (character) => bytesOf(character))
