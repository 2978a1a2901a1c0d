/**
 * Makes `lib/`, which `npm pack` puts into the package beside the sources: JavaScript for runtimes that refuse TypeScript
 * inside of node_modules (client commands on Deno, strategies in somebody's tests on Node), and declarations of what can
 * be imported, so that nobody's compiler options are put to our sources.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { root, tellPlaces } from './bundle.ts'

const lib = join(root, 'lib')
const types = join(lib, 'types')

/** What package.json's `exports` offers beside plain files. */
const offered = Object.values(manifest.exports).filter((target) => typeof target !== 'string')

/** Commands that need Bun run from the sources, so that their code need not be there twice. */
const onBunAlone: Bun.BunPlugin = {
  name: 'on-bun-alone',
  setup(builder) {
    const filter = /\/commands\/(?:run|supervise|demo|origins|bench|strategy-test)\.ts$/
    builder.onResolve({ filter }, ({ path }) => ({ path: path.replace('..', '../cli'), external: true }))
  },
}

async function bundle(entry: string, name: string): Promise<void> {
  await Bun.build({
    entrypoints: [join(root, entry)],
    outdir: lib,
    // As for Bun, since for Node it would ask what only CommonJS has whether it is the program that was started.
    target: 'bun',
    format: 'esm',
    packages: 'external',
    naming: `${name}.js`,
    // Names stay, for those who report a fault.
    minify: { whitespace: true, syntax: true },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [tellPlaces((folder) => `import.meta.dirname + '/../${folder}'`), onBunAlone],
  })
}

/** Declarations of what is offered, and of what those name; the compiler writes them of all that the sources import. */
function declare(): void {
  const project = join(root, 'scripts/tsconfig.types.json')
  execFileSync('node', [join(root, 'node_modules/typescript/bin/tsc'), '--project', project], { stdio: 'inherit' })
  const kept = new Set(offered.map(({ types }) => join(root, types)))
  // A set hands out what is added while it is walked, too.
  for (const file of kept) for (const imported of importsOf(file)) kept.add(imported)
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const path = join(types, name)
    if (name.endsWith('.d.ts') && !kept.has(path)) rmSync(path)
  }
}

function importsOf(file: string): string[] {
  const named = readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)
  return [...named].map(([, path = '']) => join(dirname(file), path.replace(/(?:\.d)?\.[jt]sx?$/, '.d.ts')))
}

rmSync(lib, { recursive: true, force: true })
mkdirSync(types, { recursive: true })
await bundle('cli/main.ts', 'smartedge')
await bundle('core/strategy/strategy.ts', 'strategy')
await bundle('core/random.ts', 'random')
await bundle('core/discovery/own-source.ts', 'source')
declare()
for (const name of readdirSync(lib, { recursive: true, encoding: 'utf8' }).toSorted())
  if (/\.[jt]s$/.test(name)) process.stdout.write(`${relative(root, join(lib, name))}\n`)
