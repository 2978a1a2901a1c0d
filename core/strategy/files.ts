/**
 * The files a strategy consists of: its own and those it imports by a relative path, and theirs. Their content makes the
 * version, so that a save which changes nothing is none. Packages are left out: an installed one is not edited.
 */
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { requireFile, StrategyFileError } from './load.ts'

export interface PluginFiles {
  /** Absolute, the strategy's own first; those that are imported but missing included. */
  readonly files: readonly string[]
  /** Of the content of all: 16 hex digits. */
  readonly version: string
}

/** A strategy is a page or two; more is another file by mistake, and hashing it would hold up traffic. */
const maxFileBytes = 1024 * 1024
const maxFiles = 200

/** Rejects with a `StrategyFileError` when `file` is no source file, or there is too much of it. */
export async function readPluginFiles(file: string): Promise<PluginFiles> {
  await requireFile(file)
  const files = new Set([file])
  const hash = new Bun.CryptoHasher('sha256')
  // A set hands out what is added while it is walked, too.
  for (const path of files) {
    if (files.size > maxFiles) throw new StrategyFileError(`${file}: must not import more than ${maxFiles} files`)
    const content = await contentOf(path)
    hash.update(`${path}\0${content?.length ?? 'missing'}\0`)
    if (content === undefined) continue
    hash.update(content)
    for (const imported of relativeImports(await realpath(path), content)) files.add(imported)
  }
  return { files: [...files], version: hash.digest('hex').slice(0, 16) }
}

/** undefined: there is no such file, which is for the loader to complain of. */
async function contentOf(path: string): Promise<Buffer | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  if (found.size > maxFileBytes)
    throw new StrategyFileError(`${path}: must be at most ${maxFileBytes} bytes, has ${found.size}`)
  return readFile(path).catch(() => undefined)
}

function relativeImports(path: string, content: Buffer): string[] {
  const loader = /^\.[mc]?([jt]sx?)$/.exec(extname(path))?.[1]
  if (loader === undefined) return []
  return scan(loader as Bun.JavaScriptLoader, content)
    .filter(({ path: specifier }) => /^\.{0,2}\//.test(specifier))
    .map(({ path: specifier }) => resolveImport(specifier, dirname(path)))
}

/** Nothing for a syntax error: the loader will say where it is. */
function scan(loader: Bun.JavaScriptLoader, content: Buffer): Bun.Import[] {
  try {
    return new Bun.Transpiler({ loader }).scanImports(content)
  } catch {
    return []
  }
}

function resolveImport(specifier: string, folder: string): string {
  try {
    return Bun.resolveSync(specifier, folder)
  } catch {
    return resolve(folder, specifier)
  }
}
