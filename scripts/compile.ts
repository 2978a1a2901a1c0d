/**
 * Makes SmartEdge one file that needs nothing else on the machine: Bun, what the command line bundles to, the threads it
 * starts, and as files inside of it what is read while it runs. `bun scripts/compile.ts [FILE]`, else `dist/smartedge`.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ownDefaults, root, tellPlaces, withoutDevtools } from './bundle.ts'

/** Where Bun shows what is inside. */
const inside = '/$bunfs/root'

/** Programs and threads, each by the path that the others know it by. */
const entries = [
  'cli/one-file.ts',
  'cli/process/watchdog-worker.ts',
  'core/lab/examine-worker.ts',
  'core/discovery/own-worker.ts',
]

/** Loaded as strategies are, by path: the shipped ones and what they import. */
const loaded = [
  ...readdirSync(join(root, 'plugins')).map((name) => `plugins/${name}`),
  'core/strategy/strategy.ts',
  'core/random.ts',
]

/** Read as they are. */
const read = [
  ...readdirSync(join(root, 'core/admin/reference')).map((name) => `core/admin/reference/${name}`),
  ...['swagger-ui.css', 'swagger-ui-bundle.js'].map((name) => `node_modules/swagger-ui-dist/${name}`),
]

/** Files to go inside, as they are to lie there, in a new folder. */
function stage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-compile-'))
  const put = (name: string, write: (path: string) => void): void => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    write(path)
  }
  // Inside of a program Bun takes a file for JavaScript, whatever it is called.
  const transpiler = new Bun.Transpiler({ loader: 'ts' })
  for (const name of loaded)
    put(name, (path) => writeFileSync(path, transpiler.transformSync(readFileSync(join(root, name), 'utf8'))))
  for (const name of read) put(name, (path) => cpSync(join(root, name), path))
  return folder
}

async function compile(outfile: string): Promise<void> {
  const staged = stage()
  try {
    await Bun.build({
      entrypoints: entries.map((name) => join(root, name)),
      root,
      target: 'bun',
      format: 'esm',
      splitting: true,
      // Half of what a start takes would go into compiling, for 8 MB more.
      bytecode: true,
      // Frames of strategies are told from our own by the folder.
      naming: { chunk: 'core/[name]-[hash].[ext]' },
      define: { 'process.env.NODE_ENV': '"production"' },
      plugins: [tellPlaces((folder) => JSON.stringify(`${inside}/${folder}`)), ownDefaults, withoutDevtools],
      compile: {
        outfile,
        assets: readdirSync(staged).map((name) => join(staged, name)),
        // The working directory decides nothing.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    })
  } finally {
    rmSync(staged, { recursive: true })
  }
}

const outfile = resolve(process.argv[2] ?? join(root, 'dist/smartedge'))
mkdirSync(dirname(outfile), { recursive: true })
await compile(outfile)
process.stdout.write(`${outfile}: ${(Bun.file(outfile).size / 1024 / 1024).toFixed(1)} MiB\n`)
