/**
 * One buffer in which the writes of one event to one socket are gathered, so that a head and its body, or the answers to
 * pipelined requests, cost one system call. Whoever handles an event calls `enter` before and `leave` after; writes
 * outside of that go out at once. Events are synchronous, so one buffer serves the process.
 */

/** A socket that gathered bytes are for. */
export interface OutboxOwner {
  /** Sends outbox.bytes[0..length); what can't be sent now must be copied. */
  flushOutbox(bytes: Buffer, length: number): void
}

/** More than any head needs: the largest `limits.head` (1 MiB) and what is added to it. Pages never touched cost nothing. */
const CAPACITY = 3 * 1024 * 1024
/** Gathered bytes go out when they are this many, so that a burst of pipelined answers stays within the cache. */
const MAX_TOTAL_BYTES = 256 * 1024
/** Larger pieces are sent from where they lie: copying 32 KiB costs about what a system call does. */
export const MAX_GATHERED_BYTES = 32 * 1024

export const outbox = {
  bytes: Buffer.allocUnsafeSlow(CAPACITY),
  used: 0,
  /** Where the room that was reserved last ends. */
  bound: 0,
  owner: undefined as OutboxOwner | undefined,
  depth: 0,
  /** What is being sent has more for the same socket at its heels: the system need not send it off alone. */
  isFollowed: false,
  /** The time that was read last is that of now, near enough: see `event-clock.ts`. */
  isTimeKnown: false,
}

export function enter(): void {
  if (outbox.depth === 0) outbox.isTimeKnown = false
  outbox.depth += 1
}

/** The same for an event that comes at once behind another. */
export function enterNext(): void {
  outbox.depth += 1
}

/** What follows within this event has a time of its own. */
export function passTime(): void {
  outbox.isTimeKnown = false
}

export function leave(): void {
  outbox.depth -= 1
  if (outbox.depth === 0 && outbox.owner !== undefined) flush()
}

/** Makes room for `size` bytes of `owner`; returns the offset at which they go. Call `commit` when they are there. */
export function reserve(owner: OutboxOwner, size: number): number {
  if (outbox.owner !== owner || outbox.used + size > MAX_TOTAL_BYTES) {
    if (outbox.owner !== undefined) flush()
    if (size >= CAPACITY) throw new RangeError(`a head must need less than ${CAPACITY} bytes, got ${size}`)
    outbox.owner = owner
  }
  outbox.bound = outbox.used + size
  return outbox.used
}

/**
 * The bytes up to `end` are written. Throws when these are more than were reserved, and sends none of them: a copy that
 * met the end of the buffer was cut without a word, and half a head makes a body's bytes its fields.
 */
export function commit(end: number): void {
  if (end > outbox.bound)
    throw new RangeError(`${end - outbox.used} bytes were written into room for ${outbox.bound - outbox.used}`)
  outbox.used = end
  if (outbox.depth === 0) flush()
}

/** Sends what has been gathered, for whichever socket. `isFollowed`: more for that socket comes at once from elsewhere. */
export function flush(isFollowed = false): void {
  const { owner, used } = outbox
  outbox.owner = undefined
  outbox.used = 0
  if (owner === undefined || used === 0) return
  outbox.isFollowed = isFollowed
  try {
    owner.flushOutbox(outbox.bytes, used)
  } finally {
    outbox.isFollowed = false
  }
}
