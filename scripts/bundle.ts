/** What the one file and the package for other runtimes are both made by: Bun's bundler, told where each module lies. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This clone. */
export const root = join(fileURLToPath(import.meta.url), '../..')

/**
 * A bundle is a few files, and `import.meta` tells of those. Each of our modules is told its own place instead, as an
 * expression in `placeOf(folder)`, where files beside it are found.
 */
export const tellPlaces = (placeOf: (folder: string) => string): Bun.BunPlugin => ({
  name: 'places',
  setup(builder) {
    builder.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      const name = relative(root, path)
      const loader = path.endsWith('x') ? 'tsx' : 'ts'
      const text = readFileSync(path, 'utf8')
      if (!/^(?:core|cli|bench)\//.test(name)) return { contents: text, loader }
      const place = placeOf(dirname(name))
      const contents = text
        .replaceAll('import.meta.dirname', `(${place})`)
        .replaceAll('import.meta.url', `('file://' + (${place}) + '/')`)
      return { contents, loader }
    })
  },
})

/** Of a CommonJS module with a default export of its own, Bun's bundler gives us the whole; Bun itself gives that export. */
export const ownDefaults: Bun.BunPlugin = {
  name: 'own-defaults',
  setup(builder) {
    const namespace = 'own-default'
    builder.onResolve({ filter: /^hdr-histogram-js\/dist\/Int32Histogram\.js$/ }, ({ path }) => ({ path, namespace }))
    builder.onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const file = fileURLToPath(import.meta.resolve(path))
      return { contents: `export default require(${JSON.stringify(file)}).default`, loader: 'js' }
    })
  },
}

/** Ink asks for it only where DEV is "true", and it is not among its dependencies. */
export const withoutDevtools: Bun.BunPlugin = {
  name: 'without-devtools',
  setup(builder) {
    builder.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'absent' }))
    builder.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'export default {}', loader: 'js' }))
  },
}
