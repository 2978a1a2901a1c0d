/** Which file people mean by a strategy: a path, or the name that `strategy new` made a file of. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Io } from './io.ts'

/** Where `strategy new NAME` writes it, below the working directory. */
export const pluginPath = (name: string): string => join('plugins', `${name}.ts`)

/** What says where a file lies, rather than how a strategy is called. */
export const isPath = (text: string): boolean => /[/\\.]/.test(text)

/** Absolute; undefined: `text` is a name, and nobody has made a file of it. A path need not lead anywhere. */
export function strategyFile({ cwd }: Pick<Io, 'cwd'>, text: string): string | undefined {
  const file = resolve(cwd, isPath(text) ? text : pluginPath(text))
  return isPath(text) || existsSync(file) ? file : undefined
}
