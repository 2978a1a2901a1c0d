/** Reading files with a bound, and saying in words why one cannot be read. No Bun globals: client commands run elsewhere too. */
import { open, stat } from 'node:fs/promises'
import type { Attachment, Need } from './read/reading.ts'
import { maxFileBytes } from './read/tree.ts'

/** Rejects as node:fs does. May stop one byte behind `maxFileBytes`. */
export type ReadFile = (path: string) => Promise<Uint8Array>

/** Reads pipes and devices too, hence the bound instead of a look at the size. */
export const readFileBounded: ReadFile = async (path) => {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(maxFileBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      length += bytesRead
      if (bytesRead === 0 || length === bytes.length) return bytes.slice(0, length)
    }
  } finally {
    await file.close()
  }
}

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'fault'; readonly rule: string }

/** The text of a config or members file, without a byte order mark. */
export async function readText(path: string, readFile: ReadFile): Promise<FileText> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > maxFileBytes) return { kind: 'fault', rule: `must be at most ${maxFileBytes / 1024 ** 2} MiB` }
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'fault', rule: explain(code) }
  }
}

/** Looks at a file that a config names. */
export async function attach({ path, use }: Need, readFile: ReadFile): Promise<Attachment> {
  if (use === 'presence') return lookAt(path)
  const file = await readText(path, readFile)
  return file.kind === 'missing' ? missing : file
}

async function lookAt(path: string): Promise<Attachment> {
  try {
    return (await stat(path)).isDirectory() ? { kind: 'fault', rule: explain('EISDIR') } : { kind: 'present' }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? missing : { kind: 'fault', rule: explain(code) }
  }
}

const missing: Attachment = { kind: 'fault', rule: 'must name a file that exists' }

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)

function explain(code: string): string {
  if (code === 'EISDIR') return 'must be a file, this is a folder'
  if (code === 'EACCES' || code === 'EPERM') return 'must be readable: permission denied'
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'must be JSON text in UTF-8, this is binary'
  return `must be readable: ${code}`
}
