/**
 * The files a strategy consists of: its own and those it imports by a relative path, and theirs. Their content makes the
 * version, so that a save which changes nothing is none. Packages are left out: an installed one is not edited. Files are
 * read at once (see `config/files.ts` for why), and again only when they have changed.
 */
import { constants, readFileSync, statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { isSettled, stampOf } from '../file-stamp.ts'
import { realPath } from '../own-place.ts'
import { requireFile, StrategyFileError } from './load.ts'

export interface PluginFiles {
  /** Absolute, the strategy's own first; those that are imported but missing included. */
  readonly files: readonly string[]
  /** Of the content of all: 16 hex digits. */
  readonly version: string
}

/** Throws a `StrategyFileError` when `file` is no source file, or there is too much of it. */
export type ReadPluginFiles = (file: string) => PluginFiles

/** A strategy is a page or two; more is another file by mistake, and hashing it would hold up traffic. */
const maxFileBytes = 1024 * 1024
const maxFiles = 200

/** Files to remember: five strategies of the largest kind, or hundreds of the usual one. */
const maxRemembered = 5 * maxFiles

/** One file as it is now. */
interface Source {
  /** Of its content; `missing`: there is none, which is for the loader to complain of. */
  readonly digest: string
  readonly imports: readonly string[]
  /** Whether it leads to nothing that may appear elsewhere. */
  readonly isResolved: boolean
}

const missing: Source = { digest: 'missing', imports: [], isResolved: true }

export function createPluginReader(clock: Pick<Clock, 'wallTime'>): ReadPluginFiles {
  const remembered = new Map<string, { readonly stamp: string; readonly source: Source }>()

  function sourceOf(path: string): Source {
    const stamp = stampOf(path)
    const known = remembered.get(path)
    if (known?.stamp === stamp.text) return known.source
    remembered.delete(path)
    const source = readSource(path)
    if (remembered.size >= maxRemembered) remembered.clear()
    if (source.isResolved && isSettled(stamp, clock.wallTime())) remembered.set(path, { stamp: stamp.text, source })
    return source
  }

  return (file) => {
    requireFile(file)
    const files = new Set([file])
    const hash = new Bun.CryptoHasher('sha256')
    // A set hands out what is added while it is walked, too.
    for (const path of files) {
      if (files.size > maxFiles) throw new StrategyFileError(`${file}: must not import more than ${maxFiles} files`)
      const { digest, imports } = sourceOf(path)
      hash.update(`${path}\0${digest}\0`)
      for (const imported of imports) files.add(imported)
    }
    return { files: [...files], version: hash.digest('hex').slice(0, 16) }
  }
}

function readSource(path: string): Source {
  const content = contentOf(path)
  if (content === undefined) return missing
  const digest = new Bun.CryptoHasher('sha256').update(content).digest('hex')
  const imports = relativeImports(realPath(path), content)
  return {
    digest,
    imports: imports.map(({ path }) => path),
    isResolved: imports.every(({ isResolved }) => isResolved),
  }
}

function contentOf(path: string): Buffer | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) return undefined
  if (found.size > maxFileBytes)
    throw new StrategyFileError(`${path}: must be at most ${maxFileBytes} bytes, has ${found.size}`)
  try {
    return readFileSync(path, { flag: constants.O_RDONLY | constants.O_NONBLOCK })
  } catch {
    return undefined
  }
}

interface Import {
  /** Absolute. */
  readonly path: string
  readonly isResolved: boolean
}

function relativeImports(path: string, content: Buffer): Import[] {
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

function resolveImport(specifier: string, folder: string): Import {
  try {
    return { path: Bun.resolveSync(specifier, folder), isResolved: true }
  } catch {
    return { path: resolve(folder, specifier), isResolved: false }
  }
}
