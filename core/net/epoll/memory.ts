/**
 * Where received bytes lie. Small pieces from clients lie in slabs, each at a place of its own, so that a head can be kept
 * without being copied for as long as its request lasts. All others come into one buffer: whoever keeps bytes of it copies
 * them.
 */
import type { Arena, Calls } from './calls.ts'
import { lend } from '../retained.ts'

/** What one that has come in is read by at first, or where much of it waits: what is read of a thousand that come at once lies with us. */
export const FIRST_BYTES = 2 * 1024
/** And then, until it has more than that. */
export const SMALL_BYTES = 16 * 1024
/** And at last: half of it costs 4 % more for a body of 1 MiB, twice of it is no better. */
export const LARGE_BYTES = 256 * 1024
/** What a head keeps from being freed for as long as its request lasts, which may be hours; half of it costs a third more for each piece. */
const SLAB_BYTES = 32 * 1024
/** A slab with less room than a head takes, and a small body, makes way for the next: with four times that half of each was never used. */
const LEAST_BYTES = 4 * 1024
/** An answer without much of a body is shorter; each length that comes costs some 100 bytes for good. */
const MAX_VIEW_BYTES = 2048

export class ReceiveMemory {
  readonly large: Arena
  slab: Arena
  /** Where in the slab the next piece goes. */
  used = 0
  private readonly calls: Calls
  /** By length. */
  private readonly views: (Buffer | undefined)[] = Array.from({ length: MAX_VIEW_BYTES }, () => undefined)

  constructor(calls: Calls) {
    this.calls = calls
    this.large = calls.arena(LARGE_BYTES)
    this.slab = calls.arena(SLAB_BYTES)
    lend(this.large.bytes)
  }

  /** Makes room for one small piece at `used`; returns how much there is, from `least` to `most`. */
  makeRoom(least = LEAST_BYTES, most = SMALL_BYTES): number {
    if (SLAB_BYTES - this.used < least) {
      this.slab = this.calls.arena(SLAB_BYTES)
      this.used = 0
    }
    return Math.min(most, SLAB_BYTES - this.used)
  }

  /** The next `length` bytes of the slab. */
  take(length: number): Buffer {
    const start = this.used
    this.used += length
    return this.slab.bytes.subarray(start, start + length)
  }

  /** What has come into the one buffer; the same object for each length that is usual. */
  lentPiece(length: number): Buffer {
    const known = this.views[length]
    if (known !== undefined) return known
    const view = this.large.bytes.subarray(0, length)
    if (length < MAX_VIEW_BYTES) this.views[length] = view
    return view
  }

  /** Where `bytes` lie, for C, to be used at once. */
  addressOf(bytes: Buffer): number {
    const { slab, large } = this
    if (bytes.buffer === slab.bytes.buffer) return slab.address + bytes.byteOffset
    if (bytes.buffer === large.bytes.buffer) return large.address + bytes.byteOffset
    return this.calls.addressOf(bytes)
  }
}
