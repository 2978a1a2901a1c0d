/** A file that a command writes for people to go on with: whole, or not at all. */
import { open, unlink } from 'node:fs/promises'

/** Rejects when a file is there, which stays as it is, and when it cannot be written in full, on a full disk say: then none is left. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    try {
      await file.writeFile(text)
    } finally {
      // Some file systems say only here that the disk is full.
      await file.close()
    }
  } catch (error) {
    await unlink(path)
    throw error
  }
}

/** What a system error means to people; its own words where no better ones are known. */
export function whyUnwritten(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a file is in the way',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file is in the way',
  EROFS: 'its file system is read-only',
}
