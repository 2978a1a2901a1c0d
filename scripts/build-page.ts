/** `web/` -> the files of the page, as `core/admin/page-files.ts` reads them. The same text for the same sources. */
import { fileURLToPath } from 'node:url'
import type { PageFile } from '../core/admin/page-files.ts'

const absolute = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** What is in the bundle beside our own. */
const notice = `/*!
 * SmartEdge, MIT. With Preact (https://preactjs.com), MIT, Copyright (c) 2015-present Jason Miller,
 * and uPlot (https://github.com/leeoniya/uPlot), MIT, Copyright (c) 2022 Leon Sorokin.
 */
`

/** JSON: a list of files, by path. Throws where something of it does not compile. */
export async function renderPage(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [absolute('web/index.html')],
    target: 'browser',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { entry: '[name].[ext]', chunk: 'page/[name]-[hash].[ext]', asset: 'page/[name]-[hash].[ext]' },
  })
  const files = await Promise.all(
    outputs.map(async (output): Promise<PageFile> => {
      const text = await output.text()
      const isScript = output.path.endsWith('.js')
      return {
        path: output.path.replace(/^\.\//, ''),
        type: typeOf(output.type),
        text: isScript ? notice + text : text,
      }
    }),
  )
  return JSON.stringify(files.toSorted((one, other) => (one.path < other.path ? -1 : 1)))
}

const typeOf = (type: string): string => type.replace(/;\s*/, '; ')
