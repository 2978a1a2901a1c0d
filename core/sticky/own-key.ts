/**
 * The key that sticky cookies are made with when the config names none: made once for the user and kept in a file that only
 * he can read, so that cookies outlive the process. Processes on other machines need one that the config names.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Home, lastingFolders, readOwn, writeOwn } from '../own-files.ts'
import { Secret } from '../secrets.ts'

export interface OwnKey {
  readonly key: Secret
  /** Why it ends with the process, in words; undefined: it is kept. */
  readonly unkept: string | undefined
}

const fileName = 'sticky.key'
const pattern = /^[\w-]{43}\n$/

/** Reads it, or makes it. `home` undefined: nothing is kept anywhere. Never throws. */
export function ownStickyKey(home: Home | undefined): OwnKey {
  if (home === undefined) return { key: created(), unkept: 'nobody said where' }
  const folders = lastingFolders(home)
  const found = readKey(folders, home)
  if (found !== undefined) return found
  const key = created()
  const kept = writeOwn(folders, fileName, `${key.reveal()}\n`, home)
  if (kept.kind === 'fault') return { key, unkept: kept.reason }
  // Another process may have made its own at the same time: what lies there now is everybody's.
  return readKey(folders, home) ?? { key, unkept: `${kept.file} has gone` }
}

/** 256 bits. */
const created = (): Secret => new Secret(randomBytes(32).toString('base64url'))

/** undefined: there is none. What is there and is no such key is left to whoever put it there. */
function readKey(folders: readonly string[], home: Home): OwnKey | undefined {
  for (const folder of folders) {
    const file = join(folder, fileName)
    const found = readOwn(file, 64, home)
    if (found.kind === 'absent') continue
    if (found.kind === 'refused') return { key: created(), unkept: `${file} is not taken: ${found.reason}` }
    if (pattern.test(found.text)) return { key: new Secret(found.text.trim()), unkept: undefined }
    return { key: created(), unkept: `${file} is not taken: it holds no key` }
  }
  return undefined
}
