/** The text of a file that people name, or of standard input, which is called `-`. Runs on Bun and on Deno. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'

export type Input =
  | { readonly kind: 'text'; readonly text: string }
  /** In words, for people. */
  | { readonly kind: 'fault'; readonly reason: string }

/** Up to `maxBytes` of UTF-8. Never rejects. */
export async function readInput(file: string, cwd: string, maxBytes: number): Promise<Input> {
  const stream = file === '-' ? process.stdin : createReadStream(resolve(cwd, file))
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      size += piece.length
      if (size > maxBytes) return { kind: 'fault', reason: `it has more than ${maxBytes / 1024 ** 2} MiB` }
      pieces.push(piece)
    }
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)) }
  } catch (error) {
    return { kind: 'fault', reason: whyUnread(error) }
  }
}

function whyUnread(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA' || error instanceof TypeError) return 'it is no text in UTF-8'
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
}
