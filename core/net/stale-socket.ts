/** What a killed process leaves behind: the file of its Unix socket, which nobody can bind to while it lies there. */
import { lstatSync, unlinkSync } from 'node:fs'
import { stampOf } from '../file-stamp.ts'
import { codeOf } from './error-code.ts'

/**
 * Removes the socket at `path` when nobody listens there any more; a socket in use, a link and any other file stay. To be
 * called before `path` is bound. Never rejects: what is wrong shows when it is bound.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const isSocket = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false
  const before = stampOf(path).text
  if (!isSocket || (await answers(path))) return
  // Another process may have had the same idea, and listen there by now.
  if (stampOf(path).text !== before) return
  try {
    unlinkSync(path)
  } catch {
    // Gone already, or not ours to remove.
  }
}

/** Refused, and nothing else, means that nobody listens: a busy listener keeps one waiting, or is not to be had by us. */
async function answers(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } })
    socket.terminate()
    return true
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED'
  }
}
