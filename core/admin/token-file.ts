/**
 * The token that a process makes for its admin API when the config names none, kept in a file that only its user can read:
 * SmartEdge's own commands find it there, so that nobody types it. One file an address, in `$XDG_RUNTIME_DIR/smartedge`,
 * else in `smartedge` under `$XDG_STATE_HOME` or `~/.local/state`.
 */
import { randomBytes } from 'node:crypto'
import { unlinkSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { SocketAddress } from '../address.ts'
import { type Home, homeStateFolders, type Kept, readOwn, stateFolders, writeOwn } from '../own-files.ts'

/** 256 bits, in characters that a header and a shell take as they are. */
export const createToken = (): string => randomBytes(32).toString('base64url')

const tokenPattern = /^[\w-]{43}$/

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
