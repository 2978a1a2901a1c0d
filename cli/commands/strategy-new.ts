/** `smartedge strategy new`: writes a strategy to start from. Never overwrites. */
import { mkdir } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { whyUnwritten, writeNewFile } from '../process/new-file.ts'
import { isPath, pluginPath } from '../process/strategy-file.ts'
import { strategyTemplate } from '../text/strategy-template.ts'
import { printable } from '../text/text.ts'

/** `target`: a name, which becomes `plugins/<name>.ts`, or the path of a `.ts` file. */
export async function strategyNew(io: Io, target: string): Promise<number> {
  const path = isPath(target) ? target : pluginPath(target)
  const name = basename(path, '.ts')
  if (!path.endsWith('.ts') || !/^[a-z\d][a-z\d._-]{0,63}$/i.test(name)) {
    io.stderr(
      `smartedge: <name|file> must be a name such as "mine", or a path such as ./plugins/mine.ts, got '${printable(target)}'\n`,
    )
    return exitCode.usage
  }
  const file = resolve(io.cwd, path)
  const shownFile = shown(file, io.cwd)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeNewFile(file, strategyTemplate({ name, file: shownFile }))
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

const shown = (file: string, cwd: string): string => {
  const path = relative(cwd, file).replaceAll('\\', '/')
  return path.startsWith('..') ? file : path
}
