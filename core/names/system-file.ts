/** A small file of the system that others may change at any time: looked at when asked for, read anew when it has changed. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { stampOf } from '../file-stamp.ts'

/** Hosts files that block advertising have some MiB; what stands behind this is left out. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * What `parse` made of the text of `path`, kept until the file changes: one `stat` a call. A file that is missing, may not
 * be read or is none (a pipe would never end) counts as empty; one that cannot be read just now, for want of descriptors
 * say, is what it was, and the next call tries again. Never throws; `parse` must not either.
 */
export function parsedFile<T>(path: string, parse: (text: string) => T): () => T {
  let seen: string | undefined
  let parsed: T | undefined
  return () => {
    const stamp = stampOf(path).text
    if (seen === stamp && parsed !== undefined) return parsed
    const text = readText(path)
    if (text === undefined) return (parsed ??= parse(''))
    seen = stamp
    parsed = parse(text)
    return parsed
  }
}

/** undefined: it cannot be read just now. */
function readText(path: string): string | undefined {
  let descriptor: number | undefined
  try {
    if (!statSync(path).isFile()) return ''
    descriptor = openSync(path, 'r')
    const bytes = Buffer.alloc(Math.min(MAX_BYTES, fstatSync(descriptor).size))
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0))
  } catch (error) {
    return isFinal(error) ? '' : undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** Whether it stays so until the file changes. */
const isFinal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')
