/** A look at a socket that reads nothing. */
import { systemLibc } from './bun/libc.ts'
import type { Wire } from './wire.ts'

/** Whether something has come that no event has told of yet: an end, a reset, bytes. A system call; false where none can tell. */
export function hasNews({ socket }: Pick<Wire, 'socket'>): boolean {
  const fd = socket?.fd ?? -1
  return fd >= 0 && systemLibc()?.hasNews(fd) === true
}
