/** Whether somebody takes connections at an address. */
import type { SocketAddress } from '../address.ts'
import { freeDescriptors } from '../descriptors.ts'
import { codeOf } from './error-code.ts'

/** Descriptors; others of this process may have taken and freed some meanwhile. */
const spare = 4

/**
 * Refused, and nothing else, means that nobody listens: a busy listener keeps one waiting, or is not to be had by us. Never
 * rejects.
 */
export async function isListenedAt(address: SocketAddress): Promise<boolean> {
  const socket = { data: () => undefined }
  try {
    const connection = await (address.kind === 'unix'
      ? Bun.connect({ unix: address.path, socket })
      : Bun.connect({ hostname: address.host, port: address.port, socket }))
    connection.terminate()
    return true
  } catch (error) {
    // Bun says the same where we have no descriptor left to ask with.
    return codeOf(error) !== 'ECONNREFUSED' || (freeDescriptors() ?? Infinity) < spare
  }
}
