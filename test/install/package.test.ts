import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { strategyTemplate } from '../../cli/text/strategy-template.ts'
import { installedSuite } from '../support/installed-suite.ts'
import { installOffline, packed } from '../support/packed.ts'

const root = resolve(import.meta.dir, '../..')
const tarball = packed()
const project = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge project '))) // with a space in its name
let command = ''
beforeAll(() => {
  command = installOffline(tarball(), project)
  write('package.json', JSON.stringify({ dependencies: { smartedge: manifest.version } }))
})
afterAll(() => rmSync(project, { recursive: true }))

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(project, name)), { recursive: true })
  writeFileSync(join(project, name), text)
}

function run(...words: readonly string[]) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...words], {
    cwd: project,
    env: { ...process.env, HOME: project },
  })
  return { out: stdout.toString(), err: stderr.toString(), code: exitCode }
}

describe('the package in a project', () => {
  installedSuite(() => ({ command: [command], path: '/usr/bin:/bin' }))

  test('lets a program serve', () => {
    write(
      'program.ts',
      `import { serve } from 'smartedge'
const backend = Bun.serve({ port: 0, fetch: () => new Response('hello') })
const edge = await serve({
  config: {
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: false,
    pools: { web: { backends: [\`http://127.0.0.1:\${backend.port}\`], strategy: './plugins/mine.ts' } },
  },
})
const [{ address }] = edge.addresses
console.log(await (await fetch(\`http://127.0.0.1:\${address.port}/\`)).text(), edge.status().counters.requests)
await edge.drain()
process.exit()`,
    )
    write('plugins/mine.ts', strategyTemplate({ name: 'mine', file: 'plugins/mine.ts' }))
    expect(run(process.execPath, 'program.ts')).toEqual({ out: 'hello 1\n', err: '', code: 0 })
  })

  test('offers what strategies import to Node too, for tests of theirs', () => {
    write(
      'on-node.mjs',
      `import { defineStrategy, readOptions } from 'smartedge/strategy'
import { weightedDraw } from 'smartedge/random'
console.log(typeof defineStrategy, typeof weightedDraw, readOptions({}, { n: { kind: 'number', min: 1, max: 2, default: 1 } }))`,
    )
    expect(run('node', 'on-node.mjs')).toEqual({ out: 'function function { n: 1 }\n', err: '', code: 0 })
  })
})

describe('the package on Deno', () => {
  const deno = join(root, 'node_modules/.bin/deno')
  const onDeno = (...words: string[]) => run(deno, 'run', '-A', 'node_modules/smartedge/lib/smartedge.js', ...words)

  test('runs client commands', () => {
    write('deno/smartedge.config.json', '{ "pools": { "web": { "backends": ["http://localhost:1"] } } }')
    expect(onDeno('--version')).toEqual({ out: `${manifest.version}\n`, err: '', code: 0 })
    expect(onDeno('validate', 'deno/smartedge.config.json').code).toBe(0)
    expect(onDeno('strategy', 'new', 'deno/mine.ts').code).toBe(0)
    expect(JSON.parse(onDeno('strategy', 'list', '--json').out)).toContainEqual({
      use: 'p2c',
      file: join(project, 'node_modules/smartedge/plugins/p2c.ts'),
      pools: [],
    })
    expect(onDeno('status', '--url', '127.0.0.1:9').err).toStartWith('smartedge: no admin API at http://127.0.0.1:9')
    expect(onDeno('run').err).toStartWith('smartedge: run runs on Bun only')
  }, 30_000)
})

describe('the types of the package', () => {
  const strict = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    isolatedDeclarations: false,
    skipLibCheck: false,
    noEmit: true,
    target: 'esnext',
    lib: ['esnext'],
    types: [],
  }
  const checkers = [
    ['tsc', ['node', join(root, 'node_modules/typescript/bin/tsc')]],
    ['bun check', [process.execPath, 'check', '--no-script', '--no-pretty']],
  ] as const
  const resolutions = [
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'preserve', moduleResolution: 'bundler' },
  ]

  describe.each(checkers)('by %s', (_name, checker) => {
    test.each(resolutions)(
      'hold in somebody else’s project: %j',
      (resolution) => {
        write('types/package.json', '{ "type": "module" }')
        write(
          'types/tsconfig.json',
          JSON.stringify({ compilerOptions: { ...strict, ...resolution }, include: ['*.ts'] }),
        )
        write('types/mine.ts', strategyTemplate({ name: 'mine', file: 'mine.ts' }))
        write(
          'types/embedded.ts',
          `import { ConfigError, type EdgeEvent, serve, type StatusSnapshot } from 'smartedge'
export const seen: EdgeEvent[] = []
export async function begin(): Promise<StatusSnapshot> {
  const edge = await serve({ config: { pools: {} }, onEvent: (event) => seen.push(event) })
  if (!(await edge.reload?.())) throw new ConfigError('none')
  return edge.status()
}`,
        )
        write(
          'types/wrong.ts',
          `import { serve } from 'smartedge'
import { type Candidate, defineStrategy } from 'smartedge/strategy'
// @ts-expect-error -- a port is no configuration
await serve({ config: 8080 })
// @ts-expect-error -- a candidate is to be returned, not its id
export default defineStrategy({ apiVersion: 2, name: 'wrong', create: () => ({ pick: ([first]) => first.id }) })
// @ts-expect-error -- a candidate is to be read only
export const reweigh = (candidate: Candidate): void => void (candidate.weight = 2)`,
        )
        const { out, err, code } = run(...checker, '-p', join(project, 'types/tsconfig.json'))
        expect([out.replace(/^✓.*\n$/, ''), err.replace(/^✓.*\n$/, ''), code]).toEqual(['', '', 0])
      },
      30_000,
    )
  })
})
