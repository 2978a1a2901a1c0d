import { describe, expect, test } from 'bun:test'
import type { Config, RouteConfig } from '../../../core/config/config.ts'
import { ownPart, type Provided, withProvided } from '../../../core/config/provided.ts'
import { readDraft } from '../../../core/config/read-draft.ts'
import { configOf } from './read-config.ts'

type Match = Readonly<Record<string, unknown>>

/** What a provider offers: a route for each match, to the pool of its name. */
function offer(...routes: readonly (readonly [pool: string, match: Match])[]): Provided {
  const pools = [...new Set(routes.map(([pool]) => pool))].map((name) => ({ name, settings: {}, discovery: [] }))
  const read = readDraft({ pools, routes: routes.map(([pool, match]) => ({ pool, match })) }, 'docker x')
  if (read.kind === 'fault') throw new Error(read.reason)
  return read
}

const file = (...routes: readonly (readonly [pool: string, match: Match])[]): Config => {
  const pools = Object.fromEntries(['web', ...routes.map(([pool]) => pool)].map((name) => [name, { backends: [] }]))
  const list = routes.map(([pool, match]) => ({ pool, match }))
  return configOf({ pools, ...(list.length > 0 && { routes: list }) })
}

const shown = ({ routes }: Config): string[] =>
  routes.map(({ match: { host = '', path = '' }, pool }: RouteConfig) => `${host}${path} ${pool}`)
const poolsOf = ({ pools }: Config): string[] => pools.map(({ name }) => name)

describe('a config with what providers add', () => {
  test('is the same object where they add nothing', () => {
    const config = file()
    expect(withProvided(config, { pools: [], routes: [] })).toBe(config)
    expect(ownPart(config)).toBe(config)
  })

  test('has their routes behind its own, and before one that takes everything', () => {
    expect(shown(withProvided(file(['web', { path: '/x' }]), offer(['a', { host: 'a.test' }])))).toEqual([
      '/x web',
      'a.test a',
    ])
    expect(shown(withProvided(file(), offer(['a', { host: 'a.test' }])))).toEqual(['a.test a', ' web'])
  })

  test('keeps its own route and its own pool where they have one too', () => {
    const config = file(['web', { host: 'a.test' }])
    const whole = withProvided(config, offer(['a', { host: 'a.test' }], ['web', { host: 'b.test' }]))
    expect(shown(whole)).toEqual(['a.test web', 'b.test web'])
    expect(poolsOf(whole)).toEqual(['web'])
    expect(whole.pools[0]).toBe(config.pools[0] as Config['pools'][number])
  })

  test('has them in place of those of before', () => {
    const before = withProvided(file(), offer(['a', { host: 'a.test' }]))
    const after = withProvided(before, offer(['b', { host: 'b.test' }]))
    expect([shown(after), poolsOf(after)]).toEqual([
      ['b.test b', ' web'],
      ['web', 'b'],
    ])
    expect(ownPart(after)).toEqual(file())
  })

  test('has no pool to which nothing leads, and no route to a pool that is nowhere', () => {
    const { pools, routes } = offer(['a', { host: 'a.test' }], ['b', { host: 'b.test' }])
    const whole = withProvided(file(), { pools: pools.slice(1), routes: routes.slice(0, 1) })
    expect([shown(whole), poolsOf(whole)]).toEqual([[' web'], ['web']])
  })

  test('tries those first that say more', () => {
    const offered = offer(
      ['1', {}],
      ['2', { path: '/a/*' }],
      ['3', { host: '*.test' }],
      ['4', { host: '*.b.test' }],
      ['5', { host: 'a.test' }],
      ['6', { host: 'a.test', path: '/v1/*' }],
      ['7', { host: 'a.test', path: '/v1/users/*' }],
      ['8', { host: 'a.test', path: '/v1/users/*', header: { 'x-a': '1' } }],
      ['9', { host: 'a.test', path: '/v1/*', method: 'GET' }],
      ['10', { host: 'a.test', path: '/v1' }],
    )
    expect(withProvided(configOf({ providers: { docker: {} } }), offered).routes.map(({ pool }) => pool)).toEqual(
      '10 8 7 9 6 5 4 3 2 1'.split(' '),
    )
  })
})

describe('a draft', () => {
  const fault = (routes: readonly unknown[], pool = 'a', settings = {}): string => {
    const read = readDraft({ pools: [{ name: pool, settings, discovery: [] }], routes }, 'docker x')
    return read.kind === 'fault' ? read.reason : ''
  }
  test.each([
    ['a host that is none', [{ pool: 'a', match: { host: 'http://a' } }], 'routes[0].match.host must be a host'],
    ['a path that is none', [{ pool: 'a', match: { path: 'a' } }], 'routes[0].match.path must begin with /'],
    ['a variable', [{ pool: 'a', match: { host: '${HOME}' } }], 'routes[0].match.host must hold no ${…}'],
    ['another pool', [{ pool: 'b', match: {} }], 'routes[0].pool must be the name of a pool'],
    ['no route at all', [null], 'routes[0] must be an object'],
  ])('with %s is refused', (_what, routes, reason) => expect(fault(routes)).toStartWith(reason))

  test('with a name or a setting that is none is refused', () => {
    expect(fault([], 'ev/il')).toStartWith('pools["ev/il"] must be a name')
    expect(fault([], 'a', { health: { path: 'x' } })).toStartWith('pools.a.health.path must')
    expect(fault([], 'a', { backends: { file: '/etc/passwd' } })).toBe('')
  })

  test('with more than 256 routes is refused, unread', () => {
    const routes = Array.from({ length: 100_000 }, (_, index) => ({ pool: 'a', match: { host: `h${index}.test` } }))
    expect(fault(routes)).toBe('makes more than 256 routes')
    expect(fault(routes.slice(0, 256))).toBe('')
  })

  test('without routes makes none', () => {
    const read = readDraft({ pools: [{ name: 'a', settings: {}, discovery: [] }], routes: [] }, 'docker x')
    expect(read).toMatchObject({ routes: [], pools: [{ name: 'a', provider: 'docker x', members: [] }] })
  })
})
