/** What a killed process leaves behind: the file of its Unix socket, which nobody can bind to while it lies there. */
import { lstatSync, unlinkSync } from 'node:fs'
import { stampOf } from '../file-stamp.ts'
import { isListenedAt } from './is-listened-at.ts'

/**
 * Removes the socket at `path` when nobody listens there any more; a socket in use, a link and any other file stay. To be
 * called before `path` is bound. Never rejects: what is wrong shows when it is bound.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  const before = stampOf(path).text
  if (!isSocket || (await isListenedAt({ kind: 'unix', path }))) return
  // Another process may have had the same idea, and listen there by now.
  if (stampOf(path).text !== before) return
  try {
    unlinkSync(path)
  } catch {
    // Gone already, or not ours to remove.
  }
}
