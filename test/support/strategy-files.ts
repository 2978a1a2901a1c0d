/** Strategy files of a test's own, in a folder that goes when the test is over. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface StrategyFiles {
  readonly folder: string
  /** Writes or overwrites; resolves to the absolute path. */
  write(name: string, text: string): Promise<string>
  path(name: string): string
  [Symbol.asyncDispose](): Promise<void>
}

export async function strategyFiles(): Promise<StrategyFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'smartedge-strategy-'))
  const path = (name: string): string => join(folder, name)
  return {
    folder,
    path,
    async write(name, text) {
      await mkdir(dirname(path(name)), { recursive: true })
      await Bun.write(path(name), text)
      return path(name)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/** A plugin whose strategies are `body`, an object expression; `head` stands before it in the file. */
export const pluginText = (body: string, head = ''): string =>
  `${head}\nexport default { apiVersion: 2, name: 'mine', parse: (raw: unknown) => raw, create: () => (${body}) }\n`

/** Picks candidate number `index` when there are so many, else the first. */
export const picking = (index: number): string => pluginText(`{ pick: (c: any) => c[${index}] ?? c[0] }`)
