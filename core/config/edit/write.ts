/**
 * Replaces a file's text so that at any moment, also after a crash, its name leads to the old text or to the new one, whole.
 * In two steps: the new text is written and flushed beside the file, where most of what can fail does; later it takes the
 * file's place at once, or does not.
 */
import { renameSync, unlinkSync } from 'node:fs'
import { constants, type FileHandle, open, realpath, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readRegularFile, readText } from '../files.ts'

/** In words. Nothing was written. */
export interface WriteFault {
  readonly kind: 'fault'
  readonly reason: string
}

export type Replaced = { readonly kind: 'replaced' } | { readonly kind: 'changed' } | WriteFault

/** A text that lies flushed beside the file whose place it may take: `replace` or `discard` is to be called, once. */
export interface Staged {
  readonly kind: 'staged'
  /** `changed`: the file no longer holds `expected`, and stays as it is. Synchronous; never throws. */
  replace(expected: string): Replaced
  /** Once it was replaced: makes the name outlast a power cut, where the file system can. Never rejects. */
  flush(): Promise<void>
  discard(): void
}

/**
 * Owner, mode and links stay: a link's target is replaced, not the link. Never rejects. Not for two texts of one file at
 * once: they share the temporary file, so that one a killed process left behind is used up by the next write.
 */
export async function stageText(path: string, text: string): Promise<Staged | WriteFault> {
  let temporary: string | undefined
  try {
    const target = await realpath(path)
    temporary = join(dirname(target), `.${basename(target)}.smartedge.tmp`)
    await writeNew(temporary, text, await stat(target))
    return staged(temporary, target)
  } catch (error) {
    if (temporary !== undefined) remove(temporary)
    return { kind: 'fault', reason: explain(error) }
  }
}

function staged(temporary: string, target: string): Staged {
  return {
    kind: 'staged',
    replace(expected) {
      try {
        // As late as can be: what somebody else saves from here on is lost.
        const current = readText(target, readRegularFile)
        if (current.kind === 'text' && current.text === expected) {
          renameSync(temporary, target)
          return { kind: 'replaced' }
        }
        remove(temporary)
        return { kind: 'changed' }
      } catch (error) {
        remove(temporary)
        return { kind: 'fault', reason: explain(error) }
      }
    },
    flush: () => syncFolder(dirname(target)),
    discard: () => remove(temporary),
  }
}

function remove(temporary: string): void {
  try {
    unlinkSync(temporary)
  } catch {
    // It was never made, or somebody tidied up.
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

async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined
  try {
    folder = await open(path)
    await folder.sync()
  } catch {
    // Some file systems cannot; the rename itself has happened by then.
  } finally {
    await folder?.close().catch(ignore)
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
