/**
 * Reading files with a bound, and saying in words why one cannot be read. Synchronous: the files are small, and Bun reads
 * the asynchronous way in the threads that also look up names, where a silent resolver would hold up every reload.
 * No Bun globals: client commands run elsewhere too.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import type { Attachment, Need } from './read/reading.ts'
import { maxFileBytes } from './read/tree.ts'

/** Throws as node:fs does. May stop one byte behind `maxFileBytes`. */
export type ReadFile = (path: string) => Uint8Array

/** Regular files alone: to open or read a pipe or a device may take for ever, and nothing else is done meanwhile. */
export const readRegularFile: ReadFile = (path) => {
  // Opening a device may have an effect, so it is looked at first; and again, since it may have changed meanwhile.
  requireRegular(statSync(path))
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return readToEnd(file, requireRegular(fstatSync(file)).size)
  } finally {
    closeSync(file)
  }
}

/** A pipe to its end, as of `-c <(generate)`: for the start, which has nothing else to do. A second time it is empty. */
export const readPipe: ReadFile = (path) => {
  const file = openSync(path, 'r')
  try {
    return readToEnd(file, 0)
  } finally {
    closeSync(file)
  }
}

/** Whether it is there, yet neither a file nor a folder. */
export function isPipe(path: string): boolean {
  try {
    const stats = statSync(path)
    return !stats.isFile() && !stats.isDirectory()
  } catch {
    return false
  }
}

/** Throws with a `code` of its own, or that of a read from a folder. */
function requireRegular(stats: Stats): Stats {
  if (stats.isFile()) return stats
  const code = stats.isDirectory() ? 'EISDIR' : stats.isFIFO() ? 'PIPE' : 'DEVICE'
  throw Object.assign(new Error(explain(code)), { code })
}

/** `expected`: bytes, a guess; files in /proc tell 0. */
function readToEnd(file: number, expected: number): Uint8Array {
  let bytes = Buffer.allocUnsafe(Math.min(expected, maxFileBytes) + 1)
  let length = 0
  for (;;) {
    const read = readSync(file, bytes, length, bytes.length - length, null)
    length += read
    if (read === 0 || length > maxFileBytes) return bytes.subarray(0, length)
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length + 4096, maxFileBytes + 1))
  }
}

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'fault'; readonly rule: string }

/** The text of a config or members file, without a byte order mark. */
export function readText(path: string, readFile: ReadFile): FileText {
  try {
    const bytes = readFile(path)
    if (bytes.length > maxFileBytes) return { kind: 'fault', rule: `must be at most ${maxFileBytes / 1024 ** 2} MiB` }
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'fault', rule: explain(code) }
  }
}

/** The text of a file of certificates or a key. */
export function readPem(path: string): FileText {
  const file = readText(path, readRegularFile)
  return file.kind === 'fault' ? { ...file, rule: file.rule.replace('JSON text in UTF-8', 'PEM') } : file
}

/** Looks at a file that a config names. */
export function attach({ path, use }: Need, readFile: ReadFile): Attachment {
  if (use === 'presence') return lookAt(path)
  const file = readText(path, readFile)
  if (file.kind === 'missing') return missing
  return file.kind === 'fault' ? { ...file, isLocal: true } : file
}

function lookAt(path: string): Attachment {
  try {
    requireRegular(statSync(path))
    return { kind: 'present' }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? missing : { kind: 'fault', rule: explain(code), isLocal: true }
  }
}

const missing: Attachment = { kind: 'fault', rule: 'must name a file that exists', isLocal: true }

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)

const rules: Readonly<Record<string, string>> = {
  EISDIR: 'must be a file, this is a folder',
  PIPE: 'must be a regular file, this is a pipe',
  DEVICE: 'must be a regular file, this is a device or a socket',
  EACCES: 'must be readable: permission denied',
  EPERM: 'must be readable: permission denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'must be JSON text in UTF-8, this is binary',
}

const explain = (code: string): string => rules[code] ?? `must be readable: ${code}`
