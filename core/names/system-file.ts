/** A small file of the system that others may change at any time: looked at when asked for, read anew when it has changed. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'

/** Hosts files that block advertising have some MiB; what stands behind this is left out. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * What `parse` made of the text of `path`, kept until the file changes: one `stat` a call. A file that is missing, may not
 * be read or is none (a pipe would never end) counts as empty. Never throws; `parse` must not either.
 */
export function parsedFile<T>(path: string, parse: (text: string) => T): () => T {
  let seen: string | undefined
  let parsed: T | undefined
  return () => {
    const stamp = stampOf(path)
    if (seen !== stamp || parsed === undefined) {
      seen = stamp
      parsed = parse(readText(path))
    }
    return parsed
  }
}

/** Changes when the file does: written anew, replaced, made longer, gone. */
function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path)
    return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return 'missing'
  }
}

function readText(path: string): string {
  let descriptor: number | undefined
  try {
    if (!statSync(path).isFile()) return ''
    descriptor = openSync(path, 'r')
    const bytes = Buffer.alloc(Math.min(MAX_BYTES, fstatSync(descriptor).size))
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0))
  } catch {
    return ''
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
