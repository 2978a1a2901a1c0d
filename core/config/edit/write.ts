/** Replaces a file's text so that at any moment, also after a crash, its name leads to the old text or to the new one, whole. */
import { constants, type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readRegularFile, readText } from '../files.ts'

export type Written =
  | { readonly kind: 'written' }
  /** It no longer held `expected`; nothing was written. */
  | { readonly kind: 'changed' }
  /** In words. Nothing was written. */
  | { readonly kind: 'fault'; readonly reason: string }

/**
 * Owner, mode and links stay: a link's target is replaced, not the link. Never rejects. Not for two calls on one file at
 * once: they share the temporary file, so that one a killed process left behind is used up by the next write.
 */
export async function writeAtomically(path: string, text: string, expected: string): Promise<Written> {
  let temporary: string | undefined
  try {
    const target = await realpath(path)
    const folder = dirname(target)
    temporary = join(folder, `.${basename(target)}.smartedge.tmp`)
    await writeNew(temporary, text, await stat(target))
    // As late as can be: what somebody else saves from here on is lost.
    const current = readText(target, readRegularFile)
    if (current.kind !== 'text' || current.text !== expected) {
      await unlink(temporary)
      return { kind: 'changed' }
    }
    await rename(temporary, target)
    await syncFolder(folder)
    return { kind: 'written' }
  } catch (error) {
    if (temporary !== undefined) await unlink(temporary).catch(ignore)
    return { kind: 'fault', reason: explain(error) }
  }
}

interface Ownership {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Not readable to others at any moment unless the old file was. */
async function writeNew(path: string, text: string, { mode, uid, gid }: Ownership): Promise<void> {
  await unlink(path).catch(ignore)
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    // Only root may give files away; whoever else replaces a file of another user owns it from then on.
    await file.chown(uid, gid).catch(ignore)
    await file.chmod(mode & 0o7777)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the new name outlast a power cut. Some file systems cannot; the rename itself has happened by then. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined
  try {
    folder = await open(path)
    await folder.sync()
  } catch {
    // Said above.
  } finally {
    await folder?.close()
  }
}

const ignore = (): void => undefined

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; its folder must be writable too',
  EPERM: 'not permitted; its folder must be writable too',
  EROFS: 'its file system is read-only',
  EBUSY: 'it is mounted by itself; mount its folder instead',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'it is gone',
}

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}
