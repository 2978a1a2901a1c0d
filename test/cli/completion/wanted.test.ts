import { describe, expect, test } from 'bun:test'
import type { Command } from 'commander'
import { createProgram } from '../../../cli/args/args.ts'
import { wantedOf } from '../../../cli/completion/wanted.ts'
import { fakeIo } from '../../support/service-io.ts'

const program = createProgram(fakeIo(), () => undefined)
const wanted = (...words: string[]) => wantedOf(program, words)
const valuesOf = (...words: string[]): string[] => wanted(...words).choices.map(({ value }) => value)

describe('what is offered', () => {
  test('begins with the verbs that people see', () => {
    expect(valuesOf('')).toEqual(expect.arrayContaining(['run', 'backend', 'completions', 'help']))
    expect(valuesOf('')).not.toContain('complete')
    expect(valuesOf('back')).toContain('backend')
  })

  test('goes on with what a verb has: verbs, options, values', () => {
    expect(valuesOf('backend', '')).toEqual(['list', 'add', 'resume', 'check', 'remove', 'drain', 'weight'])
    expect(valuesOf('status', '-')).toEqual(['--config', '--url', '--token', '--json', '--watch', '--fleet', '--help'])
    // Where a verb takes nothing more, what is left are its options.
    expect(valuesOf('status', '')).toEqual(valuesOf('status', '-'))
    expect(valuesOf('completions', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(valuesOf('client', 'import', '--format', '')).toEqual(['jsonl', 'csv'])
  })

  test('leaves out what has been given, in either of its spellings', () => {
    expect(valuesOf('status', '--json', '-')).not.toContain('--json')
    expect(valuesOf('status', '-c', 'a.json', '-')).not.toContain('--config')
    expect(valuesOf('reload', '--url=a:1', '-')).not.toContain('--url')
    expect(valuesOf('top', '--url=a:1', '-')).toContain('--url')
    expect(valuesOf('bench', '--plugin', 'a.ts', '-')).toContain('--plugin')
  })

  const sources = [
    [['run', ''], 'files'],
    [['init', ''], 'folders'],
    [['status', '-c', ''], 'files'],
    [['status', '--config', ''], 'files'],
    [['help', ''], 'commands'],
    [['bench', ''], 'scenarios'],
    [['bench', 'steady', 'sl'], 'scenarios'],
    [['strategy', 'use', ''], 'pools'],
    [['strategy', 'use', 'web', ''], 'strategies'],
    [['strategy', 'test', ''], 'strategies'],
    [['backend', 'drain', ''], 'backends'],
    [['backend', 'drain', '--yes', ''], 'backends'],
    [['backend', 'list', '--pool', ''], 'pools'],
    [['client', 'show', ''], 'clients'],
    [['client', 'list', '--plan', ''], 'plans'],
    [['plan', 'remove', ''], 'plans'],
    [['client', 'import', ''], 'files'],
    // Nobody knows these.
    [['backend', 'add', ''], undefined],
    [['status', '--token', ''], undefined],
    // Enough has been given.
    [['run', 'a.json', ''], undefined],
    [['backend', 'weight', 'a:1', ''], undefined],
  ] as const
  for (const [words, source] of sources)
    test(`${words.join(' ')}: ${source ?? 'nothing'}`, () => expect(wanted(...words).source).toBe(source as never))

  test('of --name=value is the value', () => {
    const given = wanted('backend', 'list', '--pool=w')
    expect([given.typed, given.before, given.source]).toEqual(['w', '--pool=', 'pools'])
    expect(valuesOf('client', 'export', '--format=')).toEqual(['jsonl', 'csv'])
    // Options without values, and those that there are not, have none.
    expect(wanted('status', '--json=').choices.map(({ value }) => value)).not.toContain('')
    expect(wanted('status', '--nonsense=').source).toBeUndefined()
  })

  test('behind -- are arguments alone', () => {
    expect(wanted('run', '--', '-').source).toBe('files')
    expect(valuesOf('run', '--', '-')).toEqual([])
  })

  test('is nothing behind words that lead nowhere, and never a throw', () => {
    for (const words of [[], ['nonsense', ''], ['backend', 'nonsense', ''], ['--', '--', ''], ['=', '='], ['-', '-']])
      expect(Array.isArray(wanted(...words).choices)).toBe(true)
    expect(valuesOf('backend', 'drain', 'a:1', 'more', '-').length).toBeGreaterThan(0)
    expect(wanted('toString', '').choices).toEqual([])
    expect(wanted('constructor', '--__proto__', '').source).toBeUndefined()
  })

  test('is asked of whom the line names', () => {
    const { target } = wanted('backend', 'drain', '--url', 'a:1', '-c=x.json', '--config', 'y.json', '--token=t', '')
    expect(target).toEqual({ url: 'a:1', config: 'y.json', token: 't' })
  })
})

describe('every argument and option with a value', () => {
  /** Nobody can list what these may be; who adds another decides. */
  const free = [
    'origins --servers <count>',
    'origins --start-port <port>',
    'origins --host <address>',
    'origins --latency <time>',
    'origins --error-rate <ratio>',
    'origins --hang-rate <ratio>',
    'backend add <url>',
    'explain --number <count>',
    'explain --status <status>',
    'explain --slower <time>',
    'explain --route <route>',
    'backend weight <number>',
    'deploy <url>',
    'deploy --timeout <time>',
    'deploy --canary <share>',
    'deploy --for <time>',
    'deploy --promote-if <criteria>',
    'deploy --min-requests <count>',
    'rollback --timeout <time>',
    'preview add <host>',
    'preview add <url>',
    'preview add --for <time>',
    'client add <name>',
    'strategy new <name|file>',
    'config push --over <generation>',
    'config push --wait <time>',
    'config rollback --wait <time>',
    'config rollout --wait <time>',
    'config push --rollout <percent>',
    'config rollback <generation>',
    'config rollout <percent>',
    'config show <generation>',
    'complete <words>',
  ]
  /** The same everywhere. */
  const freeOptions =
    /^--(?:url|token|weight|tier|zone|rate|burst|note|valid-until|name|id|search|limit|options|skip|against|rounds|seconds|connections|target)$/

  const all = (command: Command, path: string): string[] => [
    ...command.registeredArguments.flatMap((argument, index) => {
      const words = [...path.split(' '), ...Array<string>(index).fill('x'), '']
      const { source, choices } = wantedOf(program, words)
      return source !== undefined || choices.length > 0 ? [] : [`${path} <${argument.name()}>`]
    }),
    ...command.options
      .filter(({ required, long }) => required && !freeOptions.test(long ?? ''))
      .flatMap((option) => {
        const { source, choices } = wantedOf(program, [...path.split(' '), option.long ?? '', ''])
        return source !== undefined || choices.length > 0 ? [] : [`${path} ${option.flags.replace(/^-\w, /, '')}`]
      }),
    ...command.commands.flatMap((verb) => all(verb, `${path} ${verb.name()}`)),
  ]

  test('is completed, or listed here as what nobody can list', () => {
    expect(program.commands.flatMap((verb) => all(verb, verb.name())).toSorted()).toEqual(free.toSorted())
  })
})
