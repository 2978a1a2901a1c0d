/**
 * The token that a process makes for its admin API when the config names none, kept in a file that only its user can read:
 * SmartEdge's own commands find it there, so that nobody types it. One file an address, in `$XDG_RUNTIME_DIR/smartedge`,
 * else in `smartedge` under `$XDG_STATE_HOME` or `~/.local/state`. What others may have planted is no token: folder and
 * file must be ours and nobody else's to touch, and neither may be a link. On Node's modules only: clients run on Deno too.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import process from 'node:process'
import type { SocketAddress } from '../address.ts'
import type { Env } from '../config/read/expand.ts'

/** Whose files count, and the environment that says where they lie. */
export interface TokenHome {
  readonly env: Env
  /** Effective user id; undefined where there are none. */
  readonly user: number | undefined
  /** Where the system has the user's home. */
  readonly home: string | undefined
}

export const tokenHome = (env: Env): TokenHome => ({ env, user: process.geteuid?.(), home: homeOfUser() })

/** 256 bits, in characters that a header and a shell take as they are. */
export const createToken = (): string => randomBytes(32).toString('base64url')

const tokenPattern = /^[\w-]{43}$/

export type Kept =
  | { readonly kind: 'kept'; readonly file: string }
  /** Why it lies nowhere, in words. */
  | { readonly kind: 'fault'; readonly reason: string }

/** `address`: where the API really listens, numeric. What lay there before is replaced at once, not in between. */
export function keepToken(address: SocketAddress, token: string, home: TokenHome): Kept {
  let reason = 'none of XDG_RUNTIME_DIR, XDG_STATE_HOME and HOME names a folder of ours'
  for (const folder of foldersToWrite(home)) {
    try {
      prepareFolder(folder, home)
      const file = join(folder, nameOf(address))
      writeOver(file, `${token}\n`)
      return { kind: 'kept', file }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
    }
  }
  return { kind: 'fault', reason }
}

/** Takes it away, unless another process has put its own there. Never throws: the file may be gone. */
export function forgetToken(file: string, token: string, home: TokenHome): void {
  if (readToken(file, home)?.token !== token) return
  try {
    unlinkSync(file)
  } catch {
    // Somebody else was faster.
  }
}

/** The newest one, when a process that was killed has left one elsewhere. undefined: none that can be trusted. */
export function findToken(address: SocketAddress, home: TokenHome): string | undefined {
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
function foldersToWrite(home: TokenHome): readonly string[] {
  const { XDG_RUNTIME_DIR: session, XDG_STATE_HOME: state } = home.env
  const base = state === undefined || !isAbsolute(state) ? homeState(home) : [state]
  return [...(session === undefined ? [] : [session]), ...base]
    .filter((path) => isAbsolute(path))
    .map((path) => join(path, 'smartedge'))
}

/** Besides those, where a process of ours has put it that was started in a login session and this one was not, or so. */
function foldersToRead(home: TokenHome): readonly string[] {
  const session = home.user === undefined ? [] : [`/run/user/${home.user}`]
  const others = [...session, ...homeState(home)].map((path) => join(path, 'smartedge'))
  return [...new Set([...foldersToWrite(home), ...others])]
}

/** Under HOME, unless that is somebody else's (`sudo` may leave it so) or not set (for a service of root): then the user's. */
function homeState(home: TokenHome): readonly string[] {
  const named = home.env['HOME']
  const isUsable = named !== undefined && isAbsolute(named) && !isForeign(named, home)
  const base = isUsable ? named : home.home
  return base === undefined ? [] : [join(base, '.local/state')]
}

function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}

/** Neither ours nor root's; of what is not there yet, the folder that it would stand in counts. */
function isForeign(path: string, home: TokenHome): boolean {
  const { user } = home
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return path !== '/' && isForeign(dirname(path), home)
  return user !== undefined && found.uid !== user && found.uid !== 0
}

/** Makes it, or makes sure that nobody else can write there. Throws with the reason. */
function prepareFolder(path: string, home: TokenHome): void {
  if (isForeign(dirname(path), home)) throw new Error(`${dirname(path)} belongs to somebody else`)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(descriptor)
    if (home.user !== undefined && found.uid !== home.user) throw new Error(`${path} belongs to somebody else`)
    if ((found.mode & 0o077) !== 0) fchmodSync(descriptor, 0o700)
  } finally {
    closeSync(descriptor)
  }
}

function writeOver(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    try {
      // Whatever the umask took away.
      fchmodSync(descriptor, 0o600)
      writeFileSync(descriptor, text)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, file)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}

/** Whoever may read it could also be whoever has put it there: all is judged by the open file, which nobody swaps. */
function readToken(file: string, home: TokenHome): { readonly token: string; readonly writtenAt: number } | undefined {
  let descriptor: number | undefined
  try {
    // A pipe would hold us up, a link lead elsewhere.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = fstatSync(descriptor)
    const isOurs = home.user === undefined || (found.uid === home.user && (found.mode & 0o077) === 0)
    // Of several names one may be somebody else's doing, and mean another address.
    if (!found.isFile() || !isOurs || found.nlink !== 1 || found.size > 64) return undefined
    const token = readFileSync(descriptor, 'utf8').trim()
    return tokenPattern.test(token) ? { token, writtenAt: found.mtimeMs } : undefined
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
