/** The short way of a large body: from socket to socket within the kernel, unread. */
import type { Pipes } from './pipes.ts'
import type { Wire } from './wire.ts'

/** Where the bytes of a body may go. */
export interface Passage {
  readonly wire: Wire
  /** So many have gone there. */
  onPassed(length: number): void
}

/** Shorter ones are not worth a pipe: two system calls more. */
const MIN_BYTES = 64 * 1024

/** Has the `remaining` bytes of a body that come over `wire` take the short way, where there is one; that, then. */
export function openPassage(
  wire: Wire,
  remaining: number,
  pipes: Pipes | undefined,
  sink: { passage?(): Passage | undefined } | undefined,
): Passage | undefined {
  if (remaining < MIN_BYTES || pipes === undefined) return undefined
  const passage = sink?.passage?.()
  return passage !== undefined && wire.relayTo(passage.wire, remaining, pipes) ? passage : undefined
}
