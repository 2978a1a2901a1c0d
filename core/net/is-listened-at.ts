/** Whether somebody takes connections at an address. */
import type { SocketAddress } from '../address.ts'
import { codeOf } from './error-code.ts'

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
    return codeOf(error) !== 'ECONNREFUSED'
  }
}
