import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withPool } from './read-config.ts'

const discoveryOf = (discovery: unknown) => configOf({ pools: { web: { discovery } } }).pools[0]?.discovery
const faultsOf = (discovery: unknown): string[] =>
  problemsOf({ pools: { web: { discovery } } }).map((line) => line.replace(/^edge\.json:1:\d+: pools\.web\./, ''))

describe('discovery', () => {
  test('is off unless it is asked for', () => expect(configOf(withPool({})).pools[0]).not.toHaveProperty('discovery'))

  test('takes the place of backends, or stands beside them', () => {
    const discovery = [{ file: 'list.json' }]
    expect(configOf({ pools: { web: { discovery } } }).pools[0]?.members).toEqual([])
    expect(configOf(withPool({ discovery })).pools[0]?.members).toHaveLength(1)
  })

  test('has a guard of 30 s, unless it says otherwise', () => {
    const file = 'list.json'
    expect(
      discoveryOf([{ file }, { file, guard: '1m' }, { file, guard: false }])?.map(({ guardMs }) => guardMs),
    ).toEqual([30_000, 60_000, undefined])
  })

  test('names a file from the folder of the config on, be it there or not', () => {
    expect(discoveryOf([{ file: 'list.json' }, { file: '/run/l' }])?.map(({ source }) => source)).toEqual([
      { kind: 'file', path: '/app/list.json' },
      { kind: 'file', path: '/run/l' },
    ])
  })

  test.each([
    [[], 'discovery must not be empty; leave it out if there is none, got []'],
    [[{}], 'discovery[0] must have one of the keys file, got {} (several sources are several items)'],
    [
      [{ guard: '1s' }],
      'discovery[0] must have one of the keys file, got an object (several sources are several items)',
    ],
    [[{ file: '' }], 'discovery[0].file must be the path of a file, got ""'],
    [[{ file: 3 }], 'discovery[0].file must be the path of a file, got 3'],
    [[{ file: 'a', guard: 5 }], expect.stringContaining('discovery[0].guard must be a duration')],
    [[{ flie: 'a' }], expect.stringContaining('discovery[0].flie is not a known key (did you mean "file"?)')],
    ['dns', 'discovery must be a list, got "dns"'],
  ])('of %j is told what is wrong', (discovery, fault) => expect(faultsOf(discovery)[0]).toEqual(fault as string))
})
