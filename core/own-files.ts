/**
 * Small files that are nobody's business but our user's, and where they lie. What others may have planted is not read:
 * folder and file must be ours and nobody else's to touch, and neither may be a link. On Node's modules only: commands
 * that read such a file run on Deno too.
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

/** Whose files count, and the environment that says where they lie. */
export interface Home {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Effective user id; undefined where there are none. */
  readonly user: number | undefined
  /** Where the system has the user's home. */
  readonly home: string | undefined
}

export const homeOf = (env: Home['env']): Home => ({ env, user: process.geteuid?.(), home: homeOfUser() })

export type Kept =
  | { readonly kind: 'kept'; readonly file: string }
  /** Why it lies nowhere, in words. */
  | { readonly kind: 'fault'; readonly reason: string }

export type OwnFile =
  | { readonly kind: 'read'; readonly text: string; readonly writtenAt: number }
  | { readonly kind: 'absent' }
  /** It is there, and why it is not taken. */
  | { readonly kind: 'refused'; readonly reason: string }

/** For what outlives a login session: `smartedge` under `$XDG_STATE_HOME`, else under `~/.local/state`. */
export function stateFolders(home: Home): readonly string[] {
  const { XDG_STATE_HOME: state } = home.env
  // The XDG specification has relative paths ignored.
  return state === undefined || !isAbsolute(state) ? homeStateFolders(home) : [join(state, 'smartedge')]
}

/** For what outlives the process, a service's own folder first: systemd names it with `StateDirectory=`, and may leave it no other. */
export function lastingFolders(home: Home): readonly string[] {
  const [ofService = ''] = (home.env['STATE_DIRECTORY'] ?? '').split(':')
  return [...(isAbsolute(ofService) ? [ofService] : []), ...stateFolders(home)]
}

/** Under HOME, unless that is somebody else's (`sudo` may leave it so) or not set (for a service of root): then the user's. */
export function homeStateFolders(home: Home): readonly string[] {
  const named = home.env['HOME']
  const isUsable = named !== undefined && isAbsolute(named) && !isForeign(named, home)
  const base = isUsable ? named : home.home
  return base === undefined ? [] : [join(base, '.local/state/smartedge')]
}

/** Into the first of `folders` that takes it. What lay there before is replaced at once, not in between. Never throws. */
export function writeOwn(folders: readonly string[], name: string, text: string, home: Home): Kept {
  let reason = 'neither XDG_STATE_HOME nor HOME names a folder of ours'
  for (const folder of folders) {
    try {
      prepareFolder(folder, home)
      const file = join(folder, name)
      writeOver(file, text)
      return { kind: 'kept', file }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
    }
  }
  return { kind: 'fault', reason }
}

/** Whoever may read it could also be whoever has put it there: all is judged by the open file, which nobody swaps. */
export function readOwn(file: string, maxBytes: number, home: Home): OwnFile {
  let descriptor: number | undefined
  try {
    // A pipe would hold us up, a link lead elsewhere.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = fstatSync(descriptor)
    const isOurs = home.user === undefined || (found.uid === home.user && (found.mode & 0o077) === 0)
    if (!found.isFile()) return { kind: 'refused', reason: 'it is no file' }
    // Of several names one may be somebody else's doing, and mean another file.
    if (!isOurs || found.nlink !== 1) return { kind: 'refused', reason: 'it is not ours alone' }
    if (found.size > maxBytes) return { kind: 'refused', reason: `it has ${found.size} bytes, more than ${maxBytes}` }
    return { kind: 'read', text: readFileSync(descriptor, 'utf8'), writtenAt: found.mtimeMs }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}

/** Neither ours nor root's, or not to be looked at; of what is not there yet, the folder that it would stand in counts. */
function isForeign(path: string, home: Home): boolean {
  const { user } = home
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return path !== '/' && isForeign(dirname(path), home)
    return user !== undefined && found.uid !== user && found.uid !== 0
  } catch {
    return true
  }
}

/** Makes it, or makes sure that nobody else can write there. Throws with the reason. */
function prepareFolder(path: string, home: Home): void {
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
