import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadStrategy, StrategyFileError } from '../../../core/strategy/load.ts'
import { shippedStrategies } from '../../../core/strategy/shipped.ts'
import { begin, end, fakePool } from '../../../core/lab/fakes.ts'
import { seededRandom } from '../../../core/random.ts'
import { contextOf } from '../../support/pick-context.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strategy-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, source: string): Promise<string> {
  const path = join(folder, name)
  await Bun.write(path, source)
  return path
}

async function fault(use: string): Promise<string> {
  const error: unknown = await loadStrategy(use).then(
    () => new Error(`${use} was loaded`),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(StrategyFileError)
  return (error as Error).message.replaceAll(folder, '')
}

const plain = (body: string): string =>
  `export default { apiVersion: 1, name: 'mine', parse: (raw: unknown) => raw, create: () => (${body}) }`

describe('loadStrategy', () => {
  test.each([...shippedStrategies])('loads the shipped %s under its own name', async (name) => {
    const plugin = await loadStrategy(name)
    expect(plugin.name).toBe(name)
    expect(plugin.apiVersion).toBe(2)
  })

  test('loads a plain object from an absolute path', async () => {
    const path = await file('plain.ts', plain('{ pick: (candidates: any) => candidates[0] }'))
    const plugin = await loadStrategy(path)
    const pool = fakePool([1, 1])
    const context = contextOf({ random: seededRandom(1) })
    expect(plugin.create(plugin.parse(7)).pick(pool, context)).toBe(pool[0])
    expect(plugin.parse(7)).toBe(7)
  })

  test.each([1, 2])('takes one of version %p without parse as one without options', async (version) => {
    const source = `export default { apiVersion: ${version}, name: 'bare', create: (o) => ({ pick: () => o }) }`
    const plugin = await loadStrategy(await file(`bare-${version}.ts`, source))
    expect(plugin.parse(undefined)).toEqual({})
    expect(plugin.parse({})).toEqual({})
    expect(() => plugin.parse({ choices: 2 })).toThrow('choices is not an option, known: none, got 2')
    expect(plugin.create({}).pick(fakePool([1]), contextOf({ random: seededRandom(1) }))).toEqual({} as never)
  })

  test('takes along why a plugin ignores weight, and nothing that is no reason', async () => {
    const withReason = (reason: string): string =>
      plain('{ pick: (c: any) => c[0] }').replace("name: 'mine'", `name: 'mine', ignoresWeight: ${reason}`)
    const load = async (reason: string) => loadStrategy(await file('reason.ts', withReason(reason)))
    expect((await load(`'the fewest errors win'`)).ignoresWeight).toBe('the fewest errors win')
    expect('ignoresWeight' in (await load('undefined'))).toBeFalse()
    for (const wrong of [`''`, 'true', '5', 'null', `'x'.repeat(201)`]) {
      const refusal = await load(wrong).catch(({ message }: Error) => message)
      expect(refusal).toContain('reason.ts: ignoresWeight must be a reason of 1..200 characters, or absent, got ')
    }
  })

  test('asks a plugin of version 1 as it is used to', async () => {
    const told = 'globalThis.toldOfVersion1 = []'
    const hooks = ['onStart', 'onResponse', 'onEnd'].map(
      (name) => `${name}(...a) { toldOfVersion1.push(['${name}', ...a]) }`,
    )
    const path = await file(
      'one.js',
      `${told}\n${plain(`{ pick: (c) => c[0], ${hooks.join(', ')} }`)}`.replace(': unknown', ''),
    )
    const strategy = (await loadStrategy(path)).create(undefined)
    const [candidate] = fakePool([1])
    const attempt = begin(strategy, candidate, 5)
    const outcome = { kind: 'completed', status: 200, elapsedMs: 3 } as const
    end(strategy, attempt, outcome, 8)
    expect((globalThis as Record<string, unknown>)['toldOfVersion1']).toEqual([
      ['onStart', candidate, 5],
      ['onResponse', candidate, 3, 8],
      ['onEnd', candidate, outcome, 8],
    ])
  })

  test('calls parse and create as methods of the plugin', async () => {
    const source = `export default { apiVersion: 1, name: 'm', size: 3, parse() { return this.size }, create() { return { pick() {} } } }`
    expect((await loadStrategy(await file('methods.js', source))).parse(undefined)).toBe(3)
  })

  test('loads a changed file and its changed imports afresh', async () => {
    await file('helper.ts', 'export const text = "one"')
    const source = `import { text } from './helper.ts'\nexport default { apiVersion: 1, name: text, parse: () => {}, create: () => ({ pick() {} }) }`
    const path = await file('fresh.ts', source)
    expect((await loadStrategy(path)).name).toBe('one')
    await file('helper.ts', 'export const text = "two"')
    expect((await loadStrategy(path)).name).toBe('two')
    await file('fresh.ts', source.replace('name: text', 'name: text + "!"'))
    expect((await loadStrategy(path)).name).toBe('two!')
  })

  test('gives each load a module state of its own', async () => {
    const source = `let count = 0\nexport default { apiVersion: 1, name: 'c', parse: () => (count += 1), create: () => ({ pick() {} }) }`
    const path = await file('state.ts', source)
    expect((await loadStrategy(path)).parse(0)).toBe(1)
    expect((await loadStrategy(path)).parse(0)).toBe(1)
  })

  test('points at line and column of a syntax error', async () => {
    expect(await fault(await file('syntax.ts', 'const a = 1\nexport default {\n  b: = 2\n}\n'))).toBe(
      '/syntax.ts:3:6: Unexpected =',
    )
  })

  test('points into the import that holds the syntax error', async () => {
    await file('broken.ts', 'export const a =\n')
    expect(await fault(await file('importer.ts', `import './broken.ts'\nexport default 1`))).toStartWith('/broken.ts:')
  })

  test('reports every fault of a file that is not text', async () => {
    const bytes = await file('binary.ts', '\u0001\u0002 ]] \u0000')
    expect(await fault(bytes)).toMatch(/^\/binary\.ts:1:\d+: /)
  })

  test.each([
    ['throws.ts', 'throw new Error("boom")', '/throws.ts:1:11: threw while loading: boom'],
    ['null.ts', 'throw null', '/null.ts: threw while loading: null'],
    ['import.ts', 'import "./absent.ts"', "/import.ts: Cannot find module './absent.ts' imported from /import.ts"],
    [
      'package.ts',
      'import "no-such-package-here"',
      "/package.ts: Cannot find package 'no-such-package-here' imported from /package.ts",
    ],
    ['empty.ts', '', '/empty.ts: the default export must be defineStrategy({ … }), got undefined'],
    ['number.ts', 'export default 5', '/number.ts: the default export must be defineStrategy({ … }), got 5'],
    [
      'class.ts',
      'export default class A {}',
      '/class.ts: the default export must be defineStrategy({ … }), got a function',
    ],
    [
      'named.ts',
      'export const strategy = {}',
      '/named.ts: the default export must be defineStrategy({ … }), got undefined',
    ],
    [
      'version.ts',
      'export default { apiVersion: 3, name: "v" }',
      '/version.ts: apiVersion must be 2, whose hooks are given the attempt, or 1, whose hooks are given the candidate, got 3',
    ],
    [
      'noname.ts',
      'export default { apiVersion: 1, name: "" }',
      '/noname.ts: name must be a text that is not empty, got ""',
    ],
    [
      'parse.ts',
      'export default { apiVersion: 1, name: "p", parse: 1 }',
      '/parse.ts: parse must be a function, or absent where there are no options, got 1',
    ],
    [
      'create.ts',
      'export default { apiVersion: 1, name: "p", parse() {} }',
      '/create.ts: create must be a function that returns { pick }, got undefined',
    ],
  ])('refuses %s', async (name, source, message) => {
    expect(await fault(await file(name, source))).toBe(message)
  })

  test('refuses what is missing, a folder, or no source file', async () => {
    await mkdir(join(folder, 'folder.ts'))
    expect(await fault(join(folder, 'absent.ts'))).toBe('/absent.ts: cannot be read (ENOENT)')
    expect(await fault(join(folder, 'folder.ts'))).toBe('/folder.ts: must be a file')
    expect(await fault('/etc/passwd')).toBe('/etc/passwd: a strategy must be a .ts or .js file')
  })

  test.each(['', 'roundrobin', '../plugins/random', './mine.ts', 'constructor', 'x'.repeat(5000)])(
    'refuses the name %p',
    async (use) => {
      expect(await fault(use)).toStartWith('strategy must be round-robin, random, ')
    },
  )

  test('gives up on a top-level await that hangs', async () => {
    const path = await file('hang.ts', 'await new Promise(() => {})\nexport default 1')
    const clock = virtualClock()
    const loading = loadStrategy(path, { clock })
    const settled = loading.then(
      () => 'loaded',
      (error: Error) => error.message,
    )
    while (clock.pending() === 0) await turn()
    clock.advance(5000)
    expect(await settled).toEndWith('hang.ts: must load within 5000 ms; does a top-level await hang?')
  })

  test('leaves no timer behind', async () => {
    const clock = virtualClock()
    await loadStrategy('random', { clock })
    expect(clock.pending()).toBe(0)
  })

  test.each([
    ['nothing', 'undefined', 'pick of what create returns must be a function, got undefined'],
    ['no pick', '{}', 'pick of what create returns must be a function, got undefined'],
    ['a hook that is no function', '{ pick() {}, onEnd: 3 }', 'onEnd of what create returns must be a function, got 3'],
  ])('refuses a create that returns %s', async (name, body, message) => {
    const plugin = await loadStrategy(await file(`made-${name.replaceAll(' ', '-')}.ts`, plain(body)))
    expect(() => plugin.create(undefined)).toThrow(message)
  })
})
