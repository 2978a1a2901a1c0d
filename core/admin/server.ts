/** The admin API where it listens, and who may ask: opened, shut and opened again, with a token of its own where it takes one. */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { AdminConfig } from '../config/config.ts'
import type { Env } from '../config/read/expand.ts'
import { StartError } from '../errors.ts'
import type { Access } from './access.ts'
import { listen } from './listen.ts'
import { createOwnToken } from './own-token.ts'
import { createAdminHandler } from './routes.ts'
import type { AdminSource } from './source.ts'
import type { Kept } from '../own-files.ts'

export interface AdminServer {
  /** As asked for, with the real port where 0 was. */
  readonly address: SocketAddress
  /** Where it really listens: `localhost` becomes 127.0.0.1 and ::1. */
  readonly bound: readonly SocketAddress[]
  /** The token of its own that it has made, if it has. */
  readonly ownToken: Kept | undefined
  /** Who may do what from now on; the address stays. */
  setAccess(config: AdminConfig): void
  /** Accepts no more; what is being answered goes on. Takes its token's file away, as `stop` does. */
  close(): void
  /** Accepts again where it did before `close`, with another token. Throws when the address cannot be had any more. */
  reopen(): void
  /** Closes the listener at once, and what is being answered with it. */
  stop(): Promise<void>
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use; stop what listens there, or choose another address',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'may not be opened by this user',
  EINVAL: 'is no address that can be listened on',
  ENOENT: 'lies in a directory that does not exist',
}

export interface AdminServerOptions extends AdminConfig {
  readonly source: AdminSource
  /** Says where files of the user lie; absent: a token of its own is kept nowhere. */
  readonly env?: Env | undefined
}

/** Rejects with a `StartError` of one line when it cannot listen. */
export async function startAdmin(options: AdminServerOptions): Promise<AdminServer> {
  const { address, source, env } = options
  let config: AdminConfig = options
  let access: Access
  // Asked for the first time when this turn is over, and the access known.
  const handler = createAdminHandler({ access: () => access, source })
  try {
    const sockets = [...listen(address, handler)]
    const bound = sockets.map((socket) => socket.address)
    const [first = address] = bound
    const real = address.kind === 'tcp' && first.kind === 'tcp' ? { ...address, port: first.port } : address
    // Under a name, its commands look for the token of the first.
    const ownToken = createOwnToken(first, env)
    access = ownToken.accessFor(config)
    return {
      address: real,
      bound,
      get ownToken() {
        return ownToken.kept
      },
      setAccess(next) {
        config = next
        access = ownToken.accessFor(next)
      },
      // First the file, then the port: a successor that has the port may have written its own.
      close() {
        ownToken.forget()
        for (const socket of sockets) socket.stop()
      },
      reopen() {
        sockets.push(...listen(real, handler))
        access = ownToken.accessFor(config)
      },
      async stop() {
        ownToken.forget()
        await Promise.all(sockets.map((socket) => socket.kill()))
      },
    }
  } catch (error) {
    const reason = reasons[codeOf(error)] ?? `can't be opened: ${String(error)}`
    throw new StartError(`${formatAddress(address)} ${reason}`, { cause: error })
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
