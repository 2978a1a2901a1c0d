/** The admin API on a socket: `Bun.serve` on TCP or a Unix socket, everything else in `routes.ts`. */
import { lstatSync, unlinkSync } from 'node:fs'
import { formatAddress, type SocketAddress } from '../address.ts'
import type { AdminConfig } from '../config/config.ts'
import type { Env } from '../config/read/expand.ts'
import { StartError } from '../errors.ts'
import type { Access } from './access.ts'
import { maxBodyBytes } from './body.ts'
import { createOwnToken } from './own-token.ts'
import { createAdminHandler } from './routes.ts'
import type { AdminSource } from './source.ts'
import type { Kept } from '../own-files.ts'

export interface AdminServer {
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress
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

const idleTimeoutSeconds = 30

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
    if (address.kind === 'unix') await removeStaleSocket(address.path)
    const first = listen(address, handler)
    const bound = address.kind === 'tcp' ? { ...address, port: first.port ?? address.port } : address
    const servers = [first]
    const ownToken = createOwnToken(numeric(address, first), env)
    access = ownToken.accessFor(config)
    return {
      address: bound,
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
        void servers.at(-1)?.stop()
      },
      reopen() {
        servers.push(listen(bound, handler))
        access = ownToken.accessFor(config)
      },
      async stop() {
        ownToken.forget()
        await Promise.all(servers.map((server) => server.stop(true)))
      },
    }
  } catch (error) {
    const reason = reasons[codeOf(error)] ?? `can't be opened: ${String(error)}`
    throw new StartError(`${formatAddress(address)} ${reason}`, { cause: error })
  }
}

/** Where it really listens, whatever name it was configured by. Bun's types do not know of `address`. */
function numeric(address: SocketAddress, server: object): SocketAddress {
  if (address.kind === 'unix') return address
  const { address: host, port } = (server as { readonly address: { readonly address: string; readonly port: number } })
    .address
  return { kind: 'tcp', host, port }
}

type Handler = ReturnType<typeof createAdminHandler>

const listen = (address: SocketAddress, handler: Handler): Bun.Server<undefined> =>
  address.kind === 'tcp' ? listenTcp(address, handler) : listenUnix(address, handler)

function listenTcp(address: SocketAddress & { kind: 'tcp' }, handler: Handler): Bun.Server<undefined> {
  return Bun.serve({
    hostname: address.host,
    port: address.port,
    fetch: (request, server) => handler(request, server.requestIP(request)?.address),
    // One more, so that who sends too much gets the API's own answer.
    maxRequestBodySize: maxBodyBytes + 1,
    idleTimeout: idleTimeoutSeconds,
    development: false,
    // Outside development Bun 1.4.5 shares the port with whoever else asks to, unless told not to.
    reusePort: false,
  })
}

function listenUnix(address: SocketAddress & { kind: 'unix' }, handler: Handler): Bun.Server<undefined> {
  // Without a token, the file's permissions are what guards it, and there is no moment at which it is anybody's.
  const umask = process.umask(0o177)
  try {
    return Bun.serve({
      unix: address.path,
      fetch: (request) => handler(request),
      maxRequestBodySize: maxBodyBytes + 1,
      development: false,
    })
  } finally {
    process.umask(umask)
  }
}

/** A process that was killed leaves its socket behind; remove it when nobody answers there, and nothing else. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } })
    socket.terminate()
  } catch (error) {
    if (codeOf(error) === 'ECONNREFUSED' && lstatSync(path).isSocket()) unlinkSync(path)
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
