/** `smartedge strategy new`: writes a strategy to start from. Never overwrites. */
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { strategyTemplate } from '../text/strategy-template.ts'

const coreFolder = resolve(import.meta.dirname, '../../core')

/** `target`: a name, which becomes `plugins/<name>.ts`, or the path of a `.ts` file. */
export async function strategyNew(io: Io, target: string): Promise<number> {
  const path = /[/\\.]/.test(target) ? target : join('plugins', `${target}.ts`)
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
    const core = relative(await realpath(dirname(file)), coreFolder).replaceAll('\\', '/')
    const text = strategyTemplate({ name, core: core.startsWith('.') ? core : `./${core}`, file: shownFile })
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const reason = isThere ? 'is already there' : error instanceof Error ? error.message : String(error)
    io.stderr(`smartedge: nothing written: ${shownFile} ${reason}\n`)
    return exitCode.failure
  }
  io.stdout(`Wrote ${shownFile}.

Next:
  smartedge strategy test ${shownFile}
  "strategy": "${shownFile.startsWith('/') ? '' : './'}${shownFile}"   # in a pool of smartedge.config.json
`)
  return exitCode.ok
}

const shown = (file: string, cwd: string): string => {
  const path = relative(cwd, file).replaceAll('\\', '/')
  return path.startsWith('..') ? file : path
}
