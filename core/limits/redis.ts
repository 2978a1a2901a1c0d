/**
 * A connection to Redis, by Bun's client. It is used once: no queue while it is not open, no reconnection of its own, no
 * time-outs, all of which are of `fleet.ts`, by its clock. TLS where the URL says `rediss://`.
 */
import type { Secret } from '../secrets.ts'

export interface RedisLink {
  /** Once, before anything is sent. Rejects with an Error when it can't be had. */
  open(): Promise<void>
  /** Rejects with an Error: what the server has against it, or that the connection is lost. */
  send(command: string, args: readonly string[]): Promise<unknown>
  /** What has not been answered rejects. Harmless when called again. */
  close(): void
}

/** `onLost`: it has been open, and is no more, since it was closed or otherwise. Throws where the URL is none. */
export type DialRedis = (url: Secret, onLost: () => void) => RedisLink

const options = {
  autoReconnect: false,
  enableOfflineQueue: false,
  // Whoever opens it has a deadline: this is for what it leaves behind.
  connectionTimeout: 10_000,
}

export const dialRedis: DialRedis = (url, onLost) => {
  const client = new Bun.RedisClient(url.reveal(), options)
  let isOpen = false
  const lost = (): void => {
    if (isOpen) onLost()
  }
  Object.assign(client, { onclose: lost })
  return {
    async open() {
      try {
        await client.connect()
        isOpen = true
      } catch (error) {
        // It says "Connection closed", whatever has happened.
        throw new Error('it cannot be reached, or does not take the password', { cause: error })
      }
    },
    send: (command, args) => client.send(command, [...args]),
    close: () => client.close(),
  }
}
