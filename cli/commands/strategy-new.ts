/** `smartedge strategy new`: writes a strategy to start from. Never overwrites. */
import { mkdir, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { whyUnwritten, writeNewFile } from '../process/new-file.ts'
import { isPath, pluginPath } from '../process/strategy-file.ts'
import { strategyTemplate, type TemplateFacts } from '../text/strategy-template.ts'

const coreFolder = resolve(import.meta.dirname, '../../core')

/** `target`: a name, which becomes `plugins/<name>.ts`, or the path of a `.ts` file. */
export async function strategyNew(io: Io, target: string): Promise<number> {
  const path = isPath(target) ? target : pluginPath(target)
  const name = basename(path, '.ts')
  if (!path.endsWith('.ts') || !/^[a-z\d][a-z\d._-]{0,63}$/i.test(name)) {
    io.stderr('smartedge: a strategy needs a name such as "mine", or a path such as ./plugins/mine.ts\n')
    return exitCode.usage
  }
  const file = resolve(io.cwd, path)
  const shownFile = shown(file, io.cwd)
  try {
    await mkdir(dirname(file), { recursive: true })
    // An import starts where a file really is, not where a symbolic link says.
    const imports = importsFrom(await realpath(dirname(file)))
    await writeNewFile(file, strategyTemplate({ name, imports, file: shownFile }))
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const reason = isThere ? 'is already there' : `cannot be written: ${whyUnwritten(error)}`
    io.stderr(`smartedge: nothing written: ${shownFile} ${reason}\n`)
    return exitCode.failure
  }
  io.stdout(`Wrote ${shownFile}.

Next:
  ${io.command} strategy test ${shownFile}
  ${io.command} strategy use POOL ${shownFile}   # in a running SmartEdge and its configuration; or there by hand:
  "strategy": "${shownFile.startsWith('/') ? '' : './'}${shownFile}"
`)
  return exitCode.ok
}

/** By the package's name where that leads somewhere, as it goes on doing when the file moves; else by path. */
function importsFrom(folder: string): TemplateFacts['imports'] {
  const names = { strategy: 'smartedge/strategy', random: 'smartedge/random' }
  try {
    const { resolve } = createRequire(join(folder, 'strategy.ts'))
    for (const name of Object.values(names)) resolve(name)
    return names
  } catch {
    const path = relative(folder, coreFolder).replaceAll('\\', '/')
    const core = path.startsWith('.') ? path : `./${path}`
    return { strategy: `${core}/strategy/strategy.ts`, random: `${core}/random.ts` }
  }
}

const shown = (file: string, cwd: string): string => {
  const path = relative(cwd, file).replaceAll('\\', '/')
  return path.startsWith('..') ? file : path
}
