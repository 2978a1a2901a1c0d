import { describe, expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import { isolate, poolsOfKeys } from '../../../core/config/isolate.ts'
import { configOf, parse, type Surroundings } from './read-config.ts'

const good = ['http://a']
/** A config with these pools, each of which has a route. */
const source = (pools: Readonly<Record<string, unknown>>, top: object = {}) => ({
  pools,
  routes: Object.keys(pools).map((pool) => ({ match: { path: `/${pool}` }, pool })),
  ...top,
})

const lastGood = configOf(source({ web: { backends: good }, api: { backends: good } }))

/** What may run, seen by its pools' weights; undefined: nothing. */
function isolated(text: string | object, surroundings: Surroundings = {}, from: Config = lastGood) {
  const parsed = parse(text, surroundings)
  if (parsed.kind !== 'problems') throw new Error('the config has no problems')
  return parsed.rest && isolate(parsed.rest, from)
}

describe('isolate', () => {
  test('keeps a faulty pool as it was and takes the others', () => {
    const next = { web: { backends: [{ url: 'http://a', weight: -1 }] }, api: { backends: ['http://b', 'http://c'] } }
    const config = isolated(source(next, { shutdownTimeout: '1s' }))
    expect(config?.pools.map(({ name, members }) => [name, ...members.map((member) => member.id)])).toEqual([
      ['web', 'a:80'],
      ['api', 'b:80', 'c:80'],
    ])
    expect(config?.shutdownTimeoutMs).toBe(1000)
  })

  test.each([
    ['an unknown key', { backends: good, colour: 1 }, {}],
    ['no backends', {}, {}],
    ['an unknown strategy', { backends: good, strategy: 'best' }, {}],
    ['a strategy file that is gone', { backends: good, strategy: './gone.ts' }, {}],
    ['a health check that cannot be', { backends: good, health: { interval: '1s', timeout: '2s' } }, {}],
    ['a members file that is gone', { backends: { file: 'gone.json' } }, {}],
    [
      'a half-written members file',
      { backends: { file: 'm.json' } },
      { members: { '/app/m.json': '{ "backends": [' } },
    ],
    ['an empty members file', { backends: { file: 'm.json' } }, { members: { '/app/m.json': '' } }],
    [
      'a members file with a faulty member',
      { backends: { file: 'm.json' } },
      { members: { '/app/m.json': '{ "backends": [{ "url": "http://a", "pools": {} }] }' } },
    ],
  ])('takes %s for that pool’s problem', (_title, web: object, surroundings: Surroundings) => {
    const config = isolated(source({ web, api: { backends: ['http://b'] } }), surroundings)
    expect(config?.pools.map((pool) => pool.members[0]?.id)).toEqual(['a:80', 'b:80'])
  })

  test('keeps every pool of a shared members file that is faulty', () => {
    const pool = { backends: { file: 'm.json' } }
    const from = configOf(source({ web: { backends: good }, api: { backends: good }, more: { backends: good } }))
    const next = source({ web: pool, api: { backends: ['http://b'] }, more: pool })
    const config = isolated(next, { members: { '/app/m.json': '{' } }, from)
    expect(config?.pools.map((one) => one.members[0]?.id)).toEqual(['a:80', 'b:80', 'a:80'])
  })

  test('keeps more faulty pools than problems are listed', () => {
    const members = Array.from({ length: 200 }, () => 'nonsense')
    const config = isolated(source({ web: { backends: members }, api: { backends: members } }))
    expect(config?.pools.map((pool) => pool.members.length)).toEqual([1, 1])
  })

  test.each([
    ['a faulty pool that never ran', source({ web: { backends: good }, fresh: { backends: 5 } })],
    ['a problem besides those of a pool', source({ web: {}, api: { backends: good } }, { shutdownTimeout: 5 })],
    ['a route to nowhere', { ...source({ web: {} }), routes: [{ pool: 'nowhere' }] }],
    ['a key such as a pool’s, elsewhere', source({ web: {} }, { limits: { pools: { web: 1 } } })],
    ['a text that is no JSON', '{ "pools": { "web": { "backends": [} } }'],
    ['no text', ''],
    ['no pools', '{ "pools": {} }'],
    ['pools that are none', '{ "pools": [{ "pools": { "web": 1 } }] }'],
  ])('refuses the whole for %s', (_title, text) => {
    expect(isolated(text)).toBeUndefined()
  })
})

describe('poolsOfKeys', () => {
  const config = configOf(source({ a: { backends: good }, 'a.b': { backends: good }, ab: { backends: good } }))

  test.each([
    [['pools.a.strategy', 'pools.a'], ['a']],
    [
      ['pools.ab.strategy', 'pools.a[0]'],
      ['ab', 'a'],
    ],
    [['pools["a.b"].strategy'], ['a.b']],
    [['pools.a.b.strategy'], ['a.b']],
    [['pools.c.strategy'], undefined],
    [['pools'], undefined],
    [['pools.a.x', 'listeners.a'], undefined],
    [[''], undefined],
  ])('finds the pools of %j', (keys, expected) => {
    expect(poolsOfKeys(keys, config)).toEqual(expected)
  })
})
