/** Loads everything again, and remembers what was read, so that an unchanged set of files is known as such. */
import { readFileBounded } from '../config/files.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import type { ConfigFiles } from './contract.ts'

export interface FilesRead {
  readonly loaded: Loaded
  /** Of a file that was read; undefined of any other. */
  text(path: string): string | undefined
  /** The same for the same contents and the same problems. */
  readonly digest: string
}

/** By absolute path; they count instead of what is on disk. */
export type Overlay = ReadonlyMap<string, string>

/** `besides`: files that are not part of the config, yet make a difference: the strategies'. Never rejects. */
export async function readFiles(
  { place, cwd, env }: ConfigFiles,
  besides: readonly string[],
  overlay: Overlay = new Map(),
): Promise<FilesRead> {
  const contents = new Map<string, Uint8Array>()
  const readFile = async (path: string): Promise<Uint8Array> => {
    const text = overlay.get(path)
    const bytes = text === undefined ? await readFileBounded(path) : new TextEncoder().encode(text)
    contents.set(path, bytes)
    return bytes
  }
  const loaded = await loadConfig({ place, cwd, env, readFile })
  const problems = loaded.kind === 'problems' ? loaded.problems.map(formatProblem) : []
  const marks = [...contents].map(([path, bytes]) => `${path} ${Bun.hash(bytes)}`)
  for (const path of new Set(besides)) if (!contents.has(path)) marks.push(`${path} ${await hashOf(path)}`)
  return {
    loaded,
    text(path) {
      const bytes = contents.get(path)
      return bytes && new TextDecoder().decode(bytes)
    },
    digest: [...marks.toSorted(), ...problems].join('\n'),
  }
}

async function hashOf(path: string): Promise<string> {
  try {
    return String(Bun.hash(await readFileBounded(path)))
  } catch (error) {
    return error instanceof Error ? error.message : 'unreadable'
  }
}
