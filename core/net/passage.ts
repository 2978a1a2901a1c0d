/** The short way of a large body: from socket to socket within the kernel, unread. */
import { BULK_BYTES } from './pipe.ts'
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

/** What is known of a body when a piece of it has been read: the bytes of that, and those still to come. */
export interface Progress {
  readonly piece: number
  readonly remaining: number
}

/** Has the rest of a body that comes over `wire` take the short way, where there is one and it comes fast; that, then. */
export function openPassage(
  wire: Wire,
  { piece, remaining }: Progress,
  pipes: Pipes | undefined,
  sink: { passage?(): Passage | undefined } | undefined,
): Passage | undefined {
  if (remaining < MIN_BYTES || piece < BULK_BYTES || pipes === undefined) return undefined
  const passage = sink?.passage?.()
  return passage !== undefined && wire.relayTo(passage.wire, remaining, pipes) ? passage : undefined
}
