import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strategyList } from '../../cli/commands/strategy-list.ts'
import { strategyNew } from '../../cli/commands/strategy-new.ts'
import { strategyTest } from '../../cli/commands/strategy-test.ts'
import { main } from '../../cli/main.ts'
import { fakePool } from '../../core/lab/fakes.ts'
import { seededRandom } from '../../core/random.ts'
import { loadStrategy } from '../../core/strategy/load.ts'
import { noting } from '../support/noted-pick.ts'
import { contextOf } from '../support/pick-context.ts'
import { recordedIo } from '../support/recorded-io.ts'
import { fakeIo } from '../support/service-io.ts'
import { pluginText, type StrategyFiles, strategyFiles } from '../support/strategy-files.ts'

let files: StrategyFiles
beforeAll(async () => {
  files = await strategyFiles()
})
afterAll(() => files[Symbol.asyncDispose]())

describe('strategy new', () => {
  // All checks in full: a busy machine takes its time.
  test('writes a strategy that passes its own test, and never over another', async () => {
    const io = recordedIo(files.folder)
    expect(await strategyNew(io, 'mine')).toBe(0)
    expect(io.out()).toStartWith('Wrote plugins/mine.ts.\n')
    const tested = recordedIo(files.folder)
    expect(await strategyTest(tested, 'plugins/mine.ts', { options: { choices: 3 } })).toBe(0)
    expect(tested.out()).toMatch(/\d passed, 0 failed\n$/)

    writeFileSync(files.path('plugins/mine.ts'), '// edited')
    expect(await strategyNew(io, 'mine')).toBe(1)
    expect(io.err()).toBe('smartedge: nothing written: plugins/mine.ts is already there\n')
    expect(readFileSync(files.path('plugins/mine.ts'), 'utf8')).toBe('// edited')
  }, 60_000)

  test('writes one that tells its scores', async () => {
    expect(await strategyNew(recordedIo(files.folder), 'telling')).toBe(0)
    const plugin = await loadStrategy(files.path('plugins/telling.ts'))
    const notes = noting()
    const pool = fakePool([1, 3])
    plugin.create(plugin.parse({ choices: 10 })).pick(pool, contextOf({ random: seededRandom(1), notes }))
    expect([...notes.scores]).toEqual([...notes.scores.keys()].map((one) => [one, one.inflight / one.weight]))
    expect(notes.scores.size).toBeGreaterThan(0)
  })

  test('imports by name, and gets what this SmartEdge has, whatever is installed there', async () => {
    await files.write('project/node_modules/smartedge/package.json', '{ "exports": { "./strategy": "./old.js" } }')
    await files.write('project/node_modules/smartedge/old.js', 'throw new Error("of another version")')
    for (const folder of ['project', 'elsewhere']) {
      await files.write(`${folder}/package.json`, '{}')
      expect(await strategyNew(recordedIo(files.path(folder)), 'mine')).toBe(0)
      const text = readFileSync(files.path(`${folder}/plugins/mine.ts`), 'utf8')
      expect(text).toContain(`from 'smartedge/strategy'\n`)
      expect(text).toContain(`from 'smartedge/random'\n`)
      const tested = recordedIo(files.folder)
      expect([await strategyTest(tested, `${folder}/plugins/mine.ts`, {}), tested.err()]).toEqual([0, ''])
    }
  })

  test('writes one that loads where a folder is a symbolic link', async () => {
    await files.write('real/deep/down/empty.txt', '')
    symlinkSync(files.path('real/deep/down'), files.path('link'))
    expect(await strategyNew(recordedIo(files.folder), 'link/linked.ts')).toBe(0)
    const tested = recordedIo(files.folder)
    await strategyTest(tested, 'link/linked.ts', {})
    expect(tested.out()).toStartWith('link/linked.ts (linked)\n')
  })

  test.each(['', '.', '..', 'a b', '../', 'x.js', '.ts', '-rf', '-x.ts', 'a\nb', "it's.ts", 'x'.repeat(65), 'a\0b.ts'])(
    'refuses the name %j',
    async (name) => {
      const io = recordedIo(files.folder)
      expect(await strategyNew(io, name)).toBe(2)
      expect(io.err()).toStartWith('smartedge: <name|file> must be a name such as')
    },
  )

  test('says what is in the way of a folder', async () => {
    await files.write('file', '')
    const io = recordedIo(files.folder)
    expect(await strategyNew(io, 'file/mine.ts')).toBe(1)
    expect(io.err()).toStartWith('smartedge: nothing written: file/mine.ts ')
  })
})

describe('strategy list', () => {
  test('shows the shipped ones where there is no configuration', async () => {
    const io = recordedIo(join(files.folder, 'real'))
    expect(await strategyList(io, { json: true })).toBe(0)
    const listed = JSON.parse(io.out()) as { use: string; file: string; pools: string[] }[]
    expect(listed.map(({ use }) => use)).toContain('peak-ewma')
    expect(listed.every(({ file, use }) => file.endsWith(`/plugins/${use}.ts`))).toBeTrue()
    expect(listed.flatMap(({ pools }) => pools)).toEqual([])
  })

  test('adds those of the configuration, with the pools that use them', async () => {
    const strategy = await files.write('own.ts', 'never run here')
    const pool = { backends: ['http://127.0.0.1:1'] }
    const config = {
      routes: [{ pool: 'a' }],
      pools: { a: { ...pool, strategy: './own.ts' }, b: { ...pool, strategy: 'random' }, c: { ...pool, strategy } },
    }
    await files.write('list.json', JSON.stringify(config))
    const io = recordedIo(files.folder)
    expect(await strategyList(io, { config: 'list.json' })).toBe(0)
    expect(io.out()).toMatch(/\n {2}random +\S+\/plugins\/random\.ts +b\n/)
    expect(io.out()).toMatch(/\n {2}own\.ts +own\.ts +a, c\n$/)
  })

  test('ends with 78 when the configuration is not valid, or not there', async () => {
    await files.write('bad.json', '{ "pools": 5 }')
    for (const config of ['bad.json', 'absent.json']) {
      const io = recordedIo(files.folder)
      expect(await strategyList(io, { config })).toBe(78)
      expect(io.err()).toContain(config)
    }
  })
})

describe('strategy test', () => {
  const tested = async (name: string, text: string, json = false) => {
    const io = recordedIo(files.folder)
    await files.write(name, text)
    return { code: await strategyTest(io, name, { json }), out: io.out(), err: io.err() }
  }

  test('says of each check whether it passed, and why not', async () => {
    const { code, out } = await tested('first.ts', pluginText('{ pick: (c: any) => c[0] }'))
    expect(code).toBe(1)
    expect(out).toStartWith('first.ts (mine)\n  ✔ takes its options\n  ✔ picks a backend\n')
    expect(out).toContain('  ✖ spreads requests by weight\n      weight 1 of [1, 1, 1, 1] must get 5000 requests')
    expect(out).toContain('1: 100.0 % of 10.0 %, 2: 0.0 % of 20.0 %')
    expect(out).toMatch(
      / {2}\d+ ns for a request among 100 backends\n\d+ passed, \d+ failed; SmartEdge would run it, --skip leaves out [^\n]+\n$/,
    )
  })

  test('says of one that loops what a running edge would', async () => {
    const { code, out, err } = await tested('loops.ts', pluginText('{ pick: () => { for (;;) {} } }'))
    expect([code, out]).toEqual([1, ''])
    expect(err).toEndWith(
      'loops.ts: the checks must be over within 2000 ms, pick was still running; does it loop or block?\n',
    )
  })

  test('leaves out what does not apply, and nothing that requests would suffer from', async () => {
    await files.write(
      'weightless.ts',
      pluginText('{ pick: (c: any, { random }: any) => c[Math.floor(random() * c.length)] }'),
    )
    const run = async (...argv: string[]) => {
      const io = fakeIo({ cwd: files.folder })
      return { code: await main(['strategy', 'test', 'weightless.ts', ...argv], io), out: io.out(), err: io.err() }
    }
    const strict = await run()
    expect([strict.code, strict.out.includes('✖ spreads requests by weight')]).toEqual([1, true])
    const skipped = await run('--skip', 'weight', 'unknown options')
    expect([skipped.code, skipped.err]).toEqual([0, ''])
    expect(skipped.out).toContain('  – spreads requests by weight: skipped\n')
    expect(skipped.out).toMatch(/\n\d+ passed, 0 failed, \d skipped\n$/)
    const json = await run('--json', '--skip', 'weight', 'unknown options')
    expect(JSON.parse(json.out)).toMatchObject({
      passes: true,
      checks: expect.arrayContaining([expect.objectContaining({ skipped: true })]),
    })
    for (const word of ['weigth', 'picks the only candidate']) {
      const { code, err } = await run('--skip', word)
      expect([code, err.split('\n')[0]]).toEqual([2, `smartedge: --skip must be words of these checks, got '${word}':`])
      expect(err).toContain('\n  spreads requests by weight\n')
      expect(err).not.toContain('\n  picks the only candidate')
    }
  }, 60_000)

  test('passes a strategy that says why it ignores weight', async () => {
    const text = `export default { apiVersion: 1, name: 'fewest', ignoresWeight: 'the fewest \\u001B errors win',
      parse(raw: any) { if (raw !== undefined) throw new Error(Object.keys(raw) + ' is unknown') },
      create: () => ({ pick: (c: any) => c[0] }) }`
    const { code, out } = await tested('fewest.ts', text)
    expect(out).toContain('  – spreads requests by weight: does not apply, the fewest   errors win\n')
    expect(out).not.toContain('promises')
    expect([code, out.split('\n').at(-2)]).toEqual([0, '13 passed, 0 failed, 4 skipped'])
  })

  test('says what a running edge would refuse', async () => {
    const { code, out } = await tested('throws.ts', pluginText('{\npick() { throw new Error("\\u001B[2Jno") } }'))
    expect(code).toBe(1)
    expect(out).toEndWith('1 passed, 1 failed; SmartEdge would refuse it\n')
    expect(out).toMatch(/throws\.ts:3:\d+: pick threw: {2}\[2Jno\n|throws\.ts:3:\d+: pick threw: \[2Jno\n/)
    expect(out).not.toContain('\u001B')
  })

  test.each([
    ['syntax.ts', 'const a = ;', 'syntax.ts:1:11: Unexpected ;'],
    ['empty.ts', '', 'empty.ts: the default export must be'],
    ['exits.ts', 'process.exit(0)', 'exits.ts: ended its thread; does it call process.exit?'],
  ])('says in one line why %s does not load', async (name, text, message) => {
    const { code, out, err } = await tested(name, text)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(message)
    expect(err.split('\n')).toHaveLength(2)
  })

  test('tests a shipped strategy by its name', async () => {
    const io = recordedIo(files.folder)
    expect(await strategyTest(io, 'round-robin', { json: true })).toBe(0)
    const outcome = JSON.parse(io.out()) as Record<string, unknown>
    expect(outcome).toMatchObject({ name: 'round-robin', passes: true, refusal: null })
    expect(outcome['spread']).toHaveLength(4)
    expect(outcome['nsPerPick']).toBeGreaterThan(0)
  })

  test('gives one JSON document also when the file is missing', async () => {
    const io = recordedIo(files.folder)
    expect(await strategyTest(io, 'absent.ts', { json: true })).toBe(1)
    expect(JSON.parse(io.out())).toEqual({
      file: files.path('absent.ts'),
      name: null,
      passes: false,
      refusal: `${files.path('absent.ts')}: cannot be read (ENOENT)`,
    })
  })
})

describe('smartedge strategy', () => {
  test('tells each option that is wrong on a line of its own', async () => {
    const io = fakeIo({ cwd: files.folder })
    expect(await main(['strategy', 'test', 'peak-ewma', '--options', '{"decay":1,"x":2}'], io)).toBe(1)
    expect(io.out()).toContain(
      '\n      x is not an option, known: decay, penalty, got 2\n      decay must be a duration of ',
    )
  })

  test('hands options over from the command line', async () => {
    await files.write('options.ts', pluginText('5').replace('raw, create', '{ throw JSON.stringify(raw) }, create'))
    const io = fakeIo({ cwd: files.folder })
    expect(await main(['strategy', 'test', 'options.ts', '--options', '{"a":[1]}'], io)).toBe(1)
    expect(io.out()).toContain('{"a":[1]}')
  })

  test.each([
    [['strategy']],
    [['strategy', 'new']],
    [['strategy', 'test', 'x.ts', '--options', '{']],
    [['strategy', 'x']],
  ])('ends with 2 on %j', async (argv) => {
    const io = fakeIo({ cwd: files.folder })
    expect(await main(argv, io)).toBe(2)
    expect(io.err()).not.toBe('')
  })
})
