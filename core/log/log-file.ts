/** Where lines go: a file that may be moved away under us, a pipe, or a standard stream. Nothing here waits on the thread that serves. */
import { access, close, constants, fstatSync, open, openSync, stat, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY, W_OK } = constants
const [openFile, closeFile, statFile] = [promisify(open), promisify(close), promisify(stat)]
const mayWrite = promisify(access)

/** What log rotation leaves readable to its group. */
const MODE = 0o640

/** Descriptors, as every process is given them. */
const STANDARD = { output: 1, error: 2 } as const

export interface LogFile {
  /** Writes some of bytes[from..); resolves to how many, 0 while nothing is taken. Rejects with the system's error. */
  write(bytes: Buffer, from: number): Promise<number>
  /** Whether another file stands at its path now, or none. */
  hasMoved(): Promise<boolean>
  /** From here on what stands at its path is written to, made where nothing does. Rejects, and goes on with what it has. */
  reopen(): Promise<void>
  /** Whether anybody can still come by what is written: a file that was removed has no name. */
  hasName(): boolean
  /** The rest at the end of the process, where that cannot hold it up: into a file. */
  writeNow(bytes: Buffer): void
  close(): void
}

/** A standard stream: it can't move. */
export function standardStream(stream: keyof typeof STANDARD): LogFile {
  const given = STANDARD[stream]
  const descriptor = unblocked(given)
  const mayHoldUp = (): boolean => descriptor === given && !fstatSync(descriptor).isFile()
  return {
    write: (bytes, from) => writeSome(descriptor, bytes, from),
    hasMoved: () => Promise.resolve(false),
    reopen: () => Promise.resolve(),
    hasName: () => true,
    writeNow(bytes) {
      if (!mayHoldUp()) writeSync(descriptor, bytes)
    },
    close() {
      if (descriptor !== given) close(descriptor, () => undefined)
    },
  }
}

/**
 * A pipe or a terminal of others, opened for ourselves so that it refuses what it has no room for: a write that waited for
 * its reader would keep a thread, of which there are as many as processors, and which files are read by, too. Anything else,
 * and where the system opens no descriptor anew (it has no /proc), as it is.
 */
function unblocked(descriptor: number): number {
  try {
    const mayFill = fstatSync(descriptor).isFIFO() || isatty(descriptor)
    return mayFill ? openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY) : descriptor
  } catch {
    return descriptor
  }
}

/** Opened to be appended to, made where there is none. Rejects with a reason in words. */
export async function openLogFile(path: string): Promise<LogFile> {
  let descriptor = await openAt(path)
  return {
    write: (bytes, from) => writeSome(descriptor, bytes, from),
    async hasMoved() {
      const there = await statFile(path).catch(() => undefined)
      const ours = fstatSync(descriptor)
      return there?.ino !== ours.ino || there.dev !== ours.dev
    },
    async reopen() {
      const former = descriptor
      descriptor = await openAt(path)
      await closeFile(former)
    },
    hasName: () => fstatSync(descriptor).nlink > 0,
    writeNow: (bytes) => void writeSync(descriptor, bytes),
    close: () => close(descriptor, () => undefined),
  }
}

/** Rejects as `openLogFile` would, but opens and makes nothing: what is not there yet only needs a folder that takes it. */
export async function checkLogFile(path: string): Promise<void> {
  try {
    const there = await statFile(path).catch(unlessAbsent)
    if (there?.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
    await mayWrite(there === undefined ? dirname(path) : path, W_OK)
  } catch (error) {
    throw refused(path, error)
  }
}

function unlessAbsent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}

const refused = (path: string, error: unknown): Error =>
  Object.assign(new Error(`cannot write to ${path}: ${reasonOf(error)}`, { cause: error }), { code: codeOf(error) })

/** A pipe that nobody reads is refused, where `open` would else wait for a reader. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK

async function openAt(path: string): Promise<number> {
  try {
    return await openFile(path, FLAGS, MODE)
  } catch (error) {
    throw refused(path, error)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'what should be its folder is a file',
  EACCES: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'its user’s part of the disk is full',
  EFBIG: 'it is as large as a file may be',
  ENXIO: 'nobody reads it',
  EPIPE: 'nobody reads it any more',
}

/** A system's error in words. */
export function reasonOf(error: unknown): string {
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const writeSome = (descriptor: number, bytes: Buffer, from: number): Promise<number> =>
  new Promise((resolve, reject) => {
    write(descriptor, bytes, from, bytes.length - from, null, (error, written) => {
      if (error === null) resolve(written)
      else if (codeOf(error) === 'EAGAIN') resolve(0)
      else reject(error)
    })
  })
