import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import type { PoolConfig } from '../../../core/config/config.ts'
import { checkConfig } from '../../../core/runtime/check-config.ts'
import { guardedRoute, jwtPolicy } from '../../support/auth-policies.ts'
import { testConfig, testPool } from '../../support/edge.ts'
import { picking, pluginText, type StrategyFiles, strategyFiles } from '../../support/strategy-files.ts'

let files: StrategyFiles
beforeAll(async () => {
  files = await strategyFiles()
})
afterAll(() => files[Symbol.asyncDispose]())

const pool = (name: string, use: string, options?: unknown): PoolConfig => ({
  ...testPool([1]),
  name,
  strategy: { use, options },
})

describe('checkConfig', () => {
  test('finds nothing wrong with what would run', async () => {
    const own = await files.write('own.ts', picking(0))
    const pools = [pool('a', 'p2c'), pool('b', 'consistent-hash', { loadFactor: 2 }), pool('c', own)]
    expect(await checkConfig(testConfig({ pools }), systemClock)).toEqual([])
  })

  test('tells all that a start would refuse, in the order of the config', async () => {
    const empty = await files.write('empty.ts', '')
    const throws = await files.write('throws.ts', pluginText('{ pick() { throw new Error("no") } }'))
    const missing = files.path('missing.ts')
    const pools = [
      pool('a.b', 'consistent-hash', { loadfactor: 2 }),
      pool('empty', empty),
      { ...pool('fine', 'p2c'), tls: { ca: [empty], serverName: undefined, shown: undefined, verifies: true } },
      pool('throws', throws),
      pool('missing', missing),
    ]
    const geo = { header: undefined, table: [], database: files.path('none.mmdb') }
    const routes = [guardedRoute({ jwt: jwtPolicy({ keys: { kind: 'file', path: empty } }) })]
    const format = { kind: 'json', fields: [] } as const
    const accessLog = { path: files.path('none/a.log'), format, always: undefined, sampleRatio: 1, hidden: [] }
    const found = await checkConfig(testConfig({ pools, geo, accessLog, routes }), systemClock)
    expect(found.map(({ key }) => key)).toEqual([
      'pools["a.b"].strategy',
      'pools.empty.strategy',
      'pools.throws.strategy',
      'pools.missing.strategy',
      'pools.fine.tls.ca',
      'geo.database',
      'log.access.to',
      'routes[0].access.jwt.jwksFile',
    ])
    expect(found.map(({ message }) => message.replaceAll(files.folder, ''))).toEqual([
      'loadfactor is not an option, known: loadFactor, floor, method, got 2',
      expect.stringMatching(/^\/empty\.ts: the default export must be defineStrategy/),
      '/throws.ts:2:113: pick threw: no',
      '/missing.ts: cannot be read (ENOENT)',
      'must hold certificates in PEM, and holds none: /empty.ts',
      expect.stringContaining('it does not exist'),
      'cannot write to /none/a.log: its folder does not exist',
      'must be a JSON Web Key Set, got /empty.ts: it is no JSON Web Key Set',
    ])
  })
})
