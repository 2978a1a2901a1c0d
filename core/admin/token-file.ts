/**
 * The token that a process makes for its admin API when the config names none, kept in a file that only its user can read:
 * SmartEdge's own commands find it there, so that nobody types it. One file an address, in `$XDG_RUNTIME_DIR/smartedge`,
 * else in `smartedge` under `$XDG_STATE_HOME` or `~/.local/state`.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { SocketAddress } from '../address.ts'
import { type Home, homeStateFolders, type Kept, readOwn, stateFolders, writeOwn } from '../own-files.ts'

/**
 * 256 bits and eight characters for where it was made, all of them such as a header and a shell take as they are: homes
 * are shared between hosts and containers, and a loopback address means another place in each.
 */
export const createToken = (): string => `${randomBytes(32).toString('base64url')}${markOfNetwork()}`

/** Without a mark it is of an older version, or somebody's own. */
const tokenPattern = /^[\w-]{43}(?:[\w-]{8})?$/

/** `address`: where the API really listens, numeric. What lay there before is replaced at once, not in between. */
export const keepToken = (address: SocketAddress, token: string, home: Home): Kept =>
  writeOwn(foldersToWrite(home), nameOf(address), `${token}\n`, home)

/** Takes it away, unless another process has put its own there. Never throws: the file may be gone. */
export function forgetToken(file: string, token: string, home: Home): void {
  if (readToken(file, home)?.token === token) remove(file)
}

/** Takes away what a process that was killed has left for this address, which is ours now and takes no such token. */
export function dropTokens(address: SocketAddress, home: Home): void {
  const files = foldersToRead(home).map((folder) => join(folder, nameOf(address)))
  for (const file of files) if (readToken(file, home) !== undefined) remove(file)
}

function remove(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Somebody else was faster.
  }
}

/** Of a process that listens on a TCP address, or did. */
export interface TokenFile {
  readonly file: string
  readonly address: SocketAddress & { readonly kind: 'tcp' }
  readonly token: string
}

/** All that processes of our user have kept here: on this host, in this network namespace. */
export function tokensHere(home: Home): readonly TokenFile[] {
  return foldersToRead(home).flatMap((folder) =>
    namesIn(folder).flatMap((name): TokenFile[] => {
      const [, host = '', port] = /^admin-([\w.-]+)-(\d{1,5})\.token$/.exec(name) ?? []
      const file = join(folder, name)
      const token = port === undefined ? undefined : readToken(file, home)?.token
      if (token?.slice(43) !== markOfNetwork()) return []
      return [{ file, token, address: { kind: 'tcp', host: host.replaceAll('_', ':'), port: Number(port) } }]
    }),
  )
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Of the host and, on Linux, its network namespace: where they are the same, an address is the same place. */
function markOfNetwork(): string {
  return createHash('sha256').update(`${hostname()} ${networkNamespace()}`).digest('base64url').slice(0, 8)
}

function networkNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/net')
  } catch {
    return ''
  }
}

/** The newest one, when a process that was killed has left one elsewhere. undefined: none that can be trusted. */
export function findToken(address: SocketAddress, home: Home): string | undefined {
  const name = nameOf(address)
  const found = foldersToRead(home).flatMap((folder) => readToken(join(folder, name), home) ?? [])
  return found.toSorted((a, b) => b.writtenAt - a.writtenAt)[0]?.token
}

/** `admin-127.0.0.1-9900.token`: no separator of paths, and no colon, which some file systems refuse. */
function nameOf(address: SocketAddress): string {
  const where = address.kind === 'tcp' ? `${address.host}-${address.port}` : address.path
  return `admin-${where.replace(/[^\w.-]/g, '_')}.token`
}

/** Where it is written, the first that takes it. The XDG specification has relative paths ignored. */
function foldersToWrite(home: Home): readonly string[] {
  const { XDG_RUNTIME_DIR: session } = home.env
  const ofSession = session === undefined || !isAbsolute(session) ? [] : [join(session, 'smartedge')]
  return [...ofSession, ...stateFolders(home)]
}

/** Besides those, where a process of ours has put it that was started in a login session and this one was not, or so. */
function foldersToRead(home: Home): readonly string[] {
  const session = home.user === undefined ? [] : [`/run/user/${home.user}/smartedge`]
  return [...new Set([...foldersToWrite(home), ...session, ...homeStateFolders(home)])]
}

function readToken(file: string, home: Home): { readonly token: string; readonly writtenAt: number } | undefined {
  const found = readOwn(file, 64, home)
  if (found.kind !== 'read') return undefined
  const token = found.text.trim()
  return tokenPattern.test(token) ? { token, writtenAt: found.writtenAt } : undefined
}
