import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { main } from '../../cli/main.ts'
import { wantsColor } from '../../cli/process/process-io.ts'
import manifest from '../../package.json' with { type: 'json' }
import { fakeIo } from '../support/service-io.ts'

async function run(...argv: string[]) {
  const io = fakeIo()
  return { code: await main(argv, io), out: io.out(), err: io.err() }
}

describe('command line', () => {
  test('prints its version', async () => {
    for (const flag of ['-V', '--version'])
      expect(await run(flag)).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
  })

  test('helps on standard output, for each verb too', async () => {
    const { code, out, err } = await run('--help')
    expect([code, err]).toEqual([0, ''])
    const verbs = ['run', 'demo', 'origins', 'status', 'validate', 'init', 'schema']
    expect(verbs.filter((verb) => !out.includes(`\n  ${verb} `))).toEqual([])
    for (const verb of verbs) {
      const help = await run(verb, '-h')
      expect([verb, help.code, help.out.startsWith(`Usage: smartedge ${verb}`)]).toEqual([verb, 0, true])
    }
  })

  test('helps by name, and says of one that is none what was meant', async () => {
    expect(await run('help', 'status')).toEqual({ ...(await run('status', '--help')), code: 0 })
    expect((await run('help')).out).toBe((await run('--help')).out)
    expect(await run('help', 'stauts')).toEqual({
      code: 2,
      out: '',
      err: 'smartedge: unknown command \'stauts\' (did you mean "status"?)\n(see smartedge --help)\n',
    })
    expect((await run('help', 'weather')).err).toStartWith("smartedge: unknown command 'weather' (known: run, ")
  })

  test('calls it a usage error when no verb is given, and helps', async () => {
    const { code, out, err } = await run()
    expect([code, out]).toEqual([2, ''])
    expect(err).toStartWith('Usage: smartedge')
  })

  test('suggests what was probably meant', async () => {
    expect(await run('stauts')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('Did you mean status?'),
    })
    expect((await run('status', '--jsn')).err).toContain('Did you mean --json?')
  })

  test('refuses option values that break a rule', async () => {
    const wrong = [
      ['--servers', '0'],
      ['--servers', '1001'],
      ['--servers', '1e2'],
      ['--servers', ''],
      ['--start-port', '65536'],
      ['--start-port', '-1'],
      ['--latency', '20'],
      ['--latency', '5ms..'],
      ['--latency', '9ms..5ms'],
      ['--latency', '1ms..2ms..3ms'],
      ['--latency', '2h'],
      ['--latency', '3601s'],
      ['--error-rate', '1.1'],
      ['--error-rate', 'NaN'],
      ['--error-rate', '-0.1'],
      ['--hang-rate', '9'.repeat(400)],
    ]
    for (const args of wrong) {
      const { code, err } = await run('origins', ...args)
      expect([args, code, err.startsWith(`smartedge: ${args[0]} must be a`)]).toEqual([args, 2, true])
    }
  })

  test.each([
    [['strategy', 'lst'], "unknown command 'lst' (Did you mean list?)", 'strategy'],
    [['strategy', 'xyz'], "unknown command 'xyz' (known: new, list, test, use)", 'strategy'],
    [['backend', 'rm', 'a', '--pool', 'b'], "unknown command 'rm' (Did you mean remove?)", 'backend'],
    [['backend', '__proto__'], "unknown command '__proto__' (known: list, add, ", 'backend'],
    [
      ['backend', 'weight', 'a', '0'],
      "<number> must be a number from 0.001 to 1000, such as 2 or 0.5, got '0'",
      'backend weight',
    ],
    [
      ['backend', 'weight', 'a', '1e9'],
      "<number> must be a number from 0.001 to 1000, such as 2 or 0.5, got '1e9'",
      'backend weight',
    ],
    [
      ['backend', 'add', 'http://a', '--weight', '5000'],
      "--weight must be a number from 0.001 to 1000, such as 2 or 0.5, got '5000'",
      'backend add',
    ],
    [['backend', 'weight', 'a'], '<number> is missing: smartedge backend weight <id> <number>', 'backend weight'],
    [['backend', 'drain', 'a', 'b'], "backend drain takes <id>; 'b' is too much", 'backend drain'],
    [['status', 'now', 'please'], "status takes no arguments; 'now please' is too much", 'status'],
    [['completions', 'tcsh'], "<shell> must be one of bash, zsh, fish, got 'tcsh'", 'completions'],
    ...(['explain', 'reload', 'backend list', 'client list', 'plan list', 'strategy use web p2c'] as const).map(
      (line) =>
        [
          [...line.split(' '), '--url', 'http://a:1', '--url', 'http://b:2'],
          "--url is wanted once: only status and top take several, got 'http://b:2'",
          line.replace(' web p2c', ''),
        ] as [string[], string, string],
    ),
    [['client', 'export', '--format', 'xml'], "--format must be one of jsonl, csv, got 'xml'", 'client export'],
    [['run', '--config'], '--config needs a <file>', 'run'],
    [['run', 'a.json', '-c', 'b.json'], 'name one configuration: a.json, or --config b.json', 'run'],
    [['status', '--jsn'], "unknown option '--jsn' (Did you mean --json?)", 'status'],
    [['strategy', 'test', 'a', '--options', '{'], '--options must be JSON, such as', 'strategy test'],
  ])('says of %j what is wrong and whose help explains it', async (argv, words, verb) => {
    const { code, out, err } = await run(...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toStartWith(`smartedge: ${words}`)
    expect(err).toEndWith(`\n(see smartedge ${verb} --help)\n`)
    expect(err.split('\n')).toHaveLength(3)
  })

  test('knows no command that no help shows', async () => {
    const { err } = await run('rnuu-nothing')
    expect(err).toMatch(/^smartedge: unknown command 'rnuu-nothing' \(known: run, .*, completions, help\)\n/)
  })

  test('helps for a group of verbs when none is named', async () => {
    for (const group of ['backend', 'strategy']) {
      const { code, err } = await run(group)
      expect([code, err.startsWith(`Usage: smartedge ${group}`)]).toEqual([2, true])
    }
  })

  test('takes the configuration by itself as well as by its option', async () => {
    const config = new URL('../../smartedge.config.json', import.meta.url).pathname
    for (const argv of [
      ['validate', config],
      ['validate', '-c', config],
      ['validate', '--config', config],
    ])
      expect(await run(...argv)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('1 pool, 4 backends') })
    expect(await run('run', '/nonexistent/my.json')).toMatchObject({ code: 78 })
  })

  test('names the handbook where it lies', async () => {
    const page = /\nDocumentation: (\S+)\n$/.exec((await run('--help')).out)?.[1]
    expect(await Bun.file(resolve('/', page ?? '')).exists()).toBeTrue()
  })

  test('refuses unknown options, too many arguments and hostile ones', async () => {
    for (const args of [
      ['--nope'],
      ['run', 'x', 'y'],
      ['status', '--'.repeat(5000)],
      ['__proto__'],
      ['run', '--config'],
      ['run', '--supervised', '--top'],
      ['demo', '--supervised'],
    ])
      expect([args[0], (await run(...args)).code]).toEqual([args[0], 2])
  })

  test('ends with 78 when there is something wrong with the configuration', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'smartedge-cli-'))
    const path = join(directory, 'x.json')
    writeFileSync(path, '{ "poools": {} }')
    const { code, err } = await run('validate', '-c', path)
    expect(code).toBe(78)
    expect(err).toContain('x.json:1:')
    rmSync(directory, { recursive: true })
  })
})

describe('colour', () => {
  test('is for terminals, unless told otherwise', () => {
    expect(wantsColor({}, true)).toBe(true)
    expect(wantsColor({}, false)).toBe(false)
    expect(wantsColor({ TERM: 'dumb' }, true)).toBe(false)
    expect(wantsColor({ NO_COLOR: '1' }, true)).toBe(false)
    expect(wantsColor({ NO_COLOR: '' }, true)).toBe(true)
    expect(wantsColor({ FORCE_COLOR: '1', TERM: 'dumb' }, false)).toBe(true)
    expect(wantsColor({ FORCE_COLOR: '0' }, true)).toBe(false)
    expect(wantsColor({ FORCE_COLOR: '1', NO_COLOR: '1' }, true)).toBe(false)
  })
})
