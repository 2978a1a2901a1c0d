/** The admin API on a socket: `Bun.serve` on TCP or a Unix socket, everything else in `routes.ts`. */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { formatAddress, type SocketAddress } from '../address.ts'
import { StartError } from '../errors.ts'
import type { Secret } from '../secrets.ts'
import { maxBodyBytes } from './body.ts'
import { type AdminOptions, createAdminHandler } from './routes.ts'

export interface AdminServer {
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress
  /** Of every request from now on. */
  setToken(token: Secret | undefined): void
  /** Accepts no more; what is being answered goes on. */
  close(): void
  /** Accepts again where it did before `close`. Throws when the address cannot be had any more. */
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

/** Rejects with a `StartError` of one line when it cannot listen. */
export async function startAdmin(options: AdminOptions & { readonly address: SocketAddress }): Promise<AdminServer> {
  const { address, source } = options
  const current = { token: options.token, source }
  const handler = createAdminHandler(current)
  try {
    if (address.kind === 'unix') await removeStaleSocket(address.path)
    const first = listen(address, handler)
    const bound = address.kind === 'tcp' ? { ...address, port: first.port ?? address.port } : address
    const servers = [first]
    return {
      address: bound,
      setToken: (token) => void (current.token = token),
      close: () => void servers.at(-1)?.stop(),
      reopen: () => void servers.push(listen(bound, handler)),
      stop: async () => void (await Promise.all(servers.map((server) => server.stop(true)))),
    }
  } catch (error) {
    const reason = reasons[codeOf(error)] ?? `can't be opened: ${String(error)}`
    throw new StartError(`${formatAddress(address)} ${reason}`, { cause: error })
  }
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
  const server = Bun.serve({
    unix: address.path,
    fetch: (request) => handler(request),
    maxRequestBodySize: maxBodyBytes + 1,
    development: false,
  })
  // Without a token, the file's permissions are what guards it.
  chmodSync(address.path, 0o600)
  return server
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
