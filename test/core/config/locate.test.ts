import { describe, expect, test } from 'bun:test'
import { locate, locateAll } from '../../../core/config/locate.ts'
import { formatProblem } from '../../../core/config/problems.ts'

const text = `{
  "listeners": { "web": { "address": "0.0.0.0:80" } },
  "geo": { "database": "a.mmdb" },
  "pools": {
    "web": { "backends": [], "strategy": { "use": "consistent-hash", "options": { "loadfactor": 2, "vnodes": "x" } } },
    "a.b": { "backends": [] }, // the strategy is the default
  },
}`

const told = (key: string, message: string, config = text): string[] =>
  locate({ key, message }, { file: '/app/edge.json', text: config, cwd: '/app' }).map(formatProblem)

describe('locate', () => {
  test.each([
    ['listeners.web.address', 'is in use', 'edge.json:2:38: listeners.web.address is in use'],
    ['geo', 'is damaged', 'edge.json:3:10: geo is damaged'],
    ['geo', 'geo.database must be an .mmdb file', 'edge.json:3:24: geo.database must be an .mmdb file'],
    ['pools.web.strategy', 'is odd', 'edge.json:5:42: pools.web.strategy is odd'],
    ['pools["a.b"].strategy', 'is odd', 'edge.json:6:12: pools["a.b"].strategy is odd'],
    ['pools.gone.strategy', 'is odd', 'edge.json:4:12: pools.gone.strategy is odd'],
    ['', 'the process is ending', 'edge.json:1:1: the process is ending'],
  ])('tells of %s at it, or at what is nearest around it', (key, message, problem) => {
    expect(told(key, message)).toEqual([problem])
  })

  test('tells of an option at the option', () => {
    expect(told('pools.web.strategy', 'loadfactor is not an option, known: loadFactor, got 2')).toEqual([
      'edge.json:5:83: pools.web.strategy.options.loadfactor is not an option, known: loadFactor, got 2 (did you mean "loadFactor"?)',
    ])
    expect(told('pools.web.strategy', 'vnodes must be a number of 1..1000, got "x"')).toEqual([
      'edge.json:5:110: pools.web.strategy.options.vnodes must be a number of 1..1000, got "x"',
    ])
    expect(told('pools.web.strategy', 'nothing is not an option')[0]).toStartWith(
      'edge.json:5:42: pools.web.strategy nothing',
    )
  })

  test('tells of each option that several lines name, and of other lines as they come', () => {
    const message = 'loadfactor is not an option, known: loadFactor, got 2\nvnodes must be a number of 1..1000, got "x"'
    expect(told('pools.web.strategy', message)).toEqual([
      'edge.json:5:83: pools.web.strategy.options.loadfactor is not an option, known: loadFactor, got 2 (did you mean "loadFactor"?)',
      'edge.json:5:110: pools.web.strategy.options.vnodes must be a number of 1..1000, got "x"',
    ])
    const free = 'no luck today\nvnodes must be a number, got "x"'
    expect(told('pools.web.strategy', free)).toEqual([`edge.json:5:42: pools.web.strategy ${free}`])
  })

  test('tells of a strategy’s own file in that file alone', () => {
    expect(told('pools.web.strategy', '/app/plugins/mine.ts:18:22: Unexpected =')).toEqual([
      'plugins/mine.ts:18:22: pools.web.strategy cannot be used: Unexpected =',
    ])
    expect(told('pools.web.strategy', '/else/mine.ts: must load within 5000 ms; does it hang?')).toEqual([
      '/else/mine.ts:1:1: pools.web.strategy must load within 5000 ms; does it hang?',
    ])
  })

  test('tells each of several places', () => {
    expect(
      told('pools.web.strategy', '/app/a.ts:1:2: Unexpected =\n/app/b.ts:3:4: Unexpected )\nin two\nlines'),
    ).toEqual([
      'a.ts:1:2: pools.web.strategy cannot be used: Unexpected =',
      'b.ts:3:4: pools.web.strategy cannot be used: Unexpected )\nin two\nlines',
    ])
  })

  test.each(['', '{', '[]', '\0', '\uFEFF{}'])('finds a place in %j, too', (config) => {
    expect(told('pools.web.strategy', 'is odd', config)).toEqual(['edge.json:1:1: pools.web.strategy is odd'])
  })

  test('reads the text once, however many there are', () => {
    let reads = 0
    const config = {
      file: '/app/edge.json',
      cwd: '/app',
      get text() {
        reads += 1
        return '{\n"pools": {\n"a": {},\n"b": {}}}'
      },
    }
    const problems = ['a', 'b'].map((name) => ({ key: `pools.${name}.strategy`, message: 'is odd' }))
    expect(locateAll(problems, config).map(({ line }) => line)).toEqual([3, 4])
    expect(reads).toBe(1)
  })
})
