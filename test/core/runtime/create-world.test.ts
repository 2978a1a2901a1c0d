import { describe, expect, test } from 'bun:test'
import { everybody } from '../../../core/admission/admission.ts'
import type { Config, RouteConfig } from '../../../core/config/config.ts'
import type { World } from '../../../core/exchange/world.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import type { RouteRule } from '../../../core/route/route.ts'
import { createWorld } from '../../../core/runtime/create-world.ts'
import { Secret } from '../../../core/secrets.ts'
import type { RunningPool } from '../../../core/runtime/running-pool.ts'
import { testConfig } from '../../support/edge.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const pools = new Map(
  ['web', 'api'].map((name) => [name, { snapshot: () => ({ name }) as Pool } as unknown as RunningPool]),
)
const make = (changes: Partial<Config>, previous?: World): World =>
  createWorld(testConfig(changes), { pools, geo: undefined, admission: () => everybody, previous })

const rule = (path: string | undefined, pool: string): RouteRule => ({
  match: { host: undefined, path, methods: undefined, headers: [] },
  pool,
  priority: 5,
})
const find = (world: World, path: string) => world.routes.find(parseRequest(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`))

describe('a snapshot', () => {
  test('leads each rule to its pool, and the rest nowhere', () => {
    const world = make({ routes: [rule('/v1/*', 'api'), rule('/', 'web')] })
    expect([find(world, '/v1/x')?.pool?.name, find(world, '/')?.pool?.name]).toEqual(['api', 'web'])
    expect(find(world, '/other')).toBeUndefined()
    expect(world.nowhere.pool).toBeUndefined()
  })

  test('goes on counting what the rules before it took, wherever they stand now', () => {
    const first = make({ routes: [rule('/a', 'web'), rule('/b', 'web')] })
    find(first, '/a')!.traffic.requests = 3
    find(first, '/b')!.traffic.requests = 5
    first.nowhere.traffic.requests = 7
    const second = make({ routes: [rule('/b', 'web'), rule('/c', 'web'), rule('/a', 'api')] }, first)
    const counts = ['/a', '/b', '/c'].map((path) => find(second, path)!.traffic.requests)
    expect([...counts, second.nowhere.traffic.requests]).toEqual([0, 5, 0, 7])
  })

  test('counts a rule that is repeated, and so never reached, by itself', () => {
    const rules = [rule('/a', 'web'), rule('/a', 'web')]
    const first = make({ routes: rules })
    find(first, '/a')!.traffic.requests = 3
    expect(make({ routes: rules }, first).routes.routes.map(({ traffic }) => traffic.requests)).toEqual([3, 0])
  })

  test('asks who decides over the requests of each rule, and tells by what it is known over reloads', () => {
    const asked: [priority: number, key: string][] = []
    const admission = ({ priority }: RouteConfig, key: string) => (asked.push([priority, key]), everybody)
    const routes = [
      { ...rule('/a', 'web'), priority: 9 },
      { ...rule('/b', 'web'), priority: 0 },
    ]
    const world = createWorld(testConfig({ routes }), { pools, geo: undefined, admission, previous: undefined })
    expect(world.routes.routes.map(({ priority }) => priority)).toEqual([9, 0])
    expect(asked).toEqual(world.routes.routes.map(({ priority, key }) => [priority, key]))
  })

  test('tells rules apart that only a secret value of a field does', () => {
    const rules = ['one', 'two'].map((tenant) => {
      const found = rule('/a', 'web')
      return { ...found, match: { ...found.match, headers: [{ name: 'authorization', value: new Secret(tenant) }] } }
    })
    const first = make({ routes: rules })
    for (const [index, { traffic }] of first.routes.routes.entries()) traffic.requests = index + 1
    const second = make({ routes: rules }, first).routes.routes
    expect(second.map(({ traffic }) => traffic.requests)).toEqual([1, 2])
    expect(new Set(second.map(({ key }) => key)).size).toBe(2)
  })

  test('trusts the proxies of its config, and peers on Unix sockets where it says so', () => {
    const peer = (address: string) =>
      ({ address, scheme: 'http', serverName: undefined, protocol: undefined, certificate: undefined }) as const
    const trusts = (trustedProxies: readonly string[], address: string) =>
      make({ trustedProxies }).identify(peer(address)).isTrusted
    expect([trusts(['10.0.0.0/8'], '10.1.2.3'), trusts(['10.0.0.0/8'], '11.1.2.3')]).toEqual([true, false])
    expect([trusts(['unix:'], ''), trusts(['0.0.0.0/0', '::/0'], '')]).toEqual([true, false])
  })

  test('shows each route its pool as the route has it', () => {
    const before = { attempts: 2, statuses: [503] }
    const times = { connectMs: 1, responseMs: 2, idleMs: 3, keepAliveMs: 4, maxAgeMs: 5 }
    const shown = { name: 'web', retry: before, timeouts: times } as unknown as Pool
    const running = { snapshot: () => shown } as unknown as RunningPool
    const timeouts = { requestMs: 9, tryMs: undefined, deadline: undefined, backend: { responseMs: 8 } }
    const hedge = { after: 'p95', leastMs: 1 } as const
    const routes = [
      { ...rule('/own', 'web'), timeouts, retry: { attempts: 3 }, hedge },
      { ...rule('/times', 'web'), timeouts },
      rule('/', 'web'),
    ]
    const world = createWorld(testConfig({ routes }), {
      pools: new Map([['web', running]]),
      geo: undefined,
      admission: () => everybody,
      previous: undefined,
    })
    const own = find(world, '/own')!
    expect(own).toMatchObject({ timeouts, hedge })
    expect(own.pool).toMatchObject({ retry: { attempts: 3, statuses: [503] }, timeouts: { ...times, responseMs: 8 } })
    expect(find(world, '/times')?.pool).toMatchObject({ retry: before, timeouts: { ...times, responseMs: 8 } })
    expect(find(world, '/')).toMatchObject({ timeouts: undefined, hedge: undefined })
    expect(find(world, '/')?.pool).toBe(shown)
    expect(shown).toEqual({ name: 'web', retry: before, timeouts: times } as unknown as Pool)
  })

  test('is not made of routes to pools that do not run', () => {
    expect(() => make({ routes: [rule('/', 'gone')] })).toThrow('pool gone, which is not configured')
  })
})
