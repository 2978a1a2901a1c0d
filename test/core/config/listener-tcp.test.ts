import { describe, expect, test } from 'bun:test'
import { configOf, parse, problemsOf } from './read-config.ts'

const pools = { web: { backends: ['http://localhost:8081'] }, db: { backends: ['tcp://10.0.0.1:5432'] } }
const web = { address: '0.0.0.0:80' }
const withDb = (db: object, more: object = {}): object => ({
  listeners: { web, db: { address: '0.0.0.0:5432', mode: 'tcp', ...db } },
  pools,
  ...more,
})

const warningsOf = (source: object): string[] => {
  const parsed = parse(source)
  return parsed.kind === 'config' ? parsed.warnings.map(({ key, rule }) => `${key} ${rule}`) : []
}

describe('a listener in TCP mode', () => {
  test('leads to its pool, and the pool that is left serves HTTP', () => {
    const config = configOf(withDb({ pool: 'db' }))
    expect(config.listeners.map(({ mode, deferAccept }) => ({ mode, deferAccept }))).toEqual([
      { mode: 'http', deferAccept: true },
      { mode: 'tcp', deferAccept: false },
    ])
    expect(config.routes.map(({ pool }) => pool)).toEqual(['web'])
    expect(config.tcpRoutes).toEqual([
      {
        match: { listener: 'db', host: undefined, path: undefined, methods: undefined, headers: [] },
        pool: 'db',
        priority: 5,
        tunnel: { idleMs: 3_600_000, longestMs: undefined },
      },
    ])
  })

  test('says how long its connections may last, and how many each client may have', () => {
    const source = withDb({
      pool: 'db',
      idleTimeout: '5m',
      maxDuration: '12h',
      deferAccept: true,
      limits: [{ connections: 3 }, { rate: '10/s' }],
      access: { addresses: { allow: ['10.0.0.0/8'] } },
    })
    const { tcpRoutes, listeners } = configOf(source)
    expect(tcpRoutes[0]?.tunnel).toEqual({ idleMs: 300_000, longestMs: 43_200_000 })
    expect(tcpRoutes[0]?.limits?.map(({ kind }) => kind)).toEqual(['connections', 'rate'])
    expect(tcpRoutes[0]?.access?.addresses?.allow).toEqual(['10.0.0.0/8'])
    expect(listeners[1]?.deferAccept).toBe(true)
  })

  test('goes by server names in their order, and to its pool with all others', () => {
    const { listeners, tcpRoutes } = configOf(
      withDb(
        { pool: 'web', passthrough: { routes: { 'DB.example.com': 'db', '*.example.com': 'web' } } },
        { routes: [{ pool: 'web' }] },
      ),
    )
    expect(listeners[1]).toMatchObject({ mode: 'passthrough', deferAccept: true })
    expect(tcpRoutes.map(({ match, pool }) => [match.host, pool])).toEqual([
      ['db.example.com', 'db'],
      ['*.example.com', 'web'],
      [undefined, 'web'],
    ])
  })

  test('needs no route of HTTP where nothing speaks that', () => {
    const source = { listeners: { db: { address: '0.0.0.0:1', mode: 'tcp', pool: 'db' } }, pools }
    expect(configOf(source).routes).toEqual([])
    expect(warningsOf(source)).toEqual([])
  })

  test('has the only pool share itself between both', () => {
    const source = {
      listeners: { web, db: { address: '0.0.0.0:1', mode: 'tcp', pool: 'db' } },
      pools: { db: pools.db },
    }
    expect(configOf(source).routes.map(({ pool }) => pool)).toEqual(['db'])
  })

  test.each([
    [withDb({}), 'listeners.db.pool is required with "mode": "tcp"'],
    [withDb({ pool: 'bd' }), 'listeners.db.pool must be the name of a pool, got "bd"'],
    [withDb({ passthrough: {} }), 'listeners.db.passthrough.routes is required'],
    [withDb({ passthrough: { routes: {} } }), 'passthrough.routes must name at least one server name'],
    [withDb({ passthrough: { routes: { 'a b': 'db' } } }), 'must be a server name such as "db.example.com"'],
    [withDb({ passthrough: { routes: { '10.0.0.': 'db' } } }), 'must be a server name such as "db.example.com"'],
    [withDb({ passthrough: { routes: { a: 'x' } } }), 'passthrough.routes.a must be the name of a pool, got "x"'],
    [
      withDb({ passthrough: { routes: { a: 'db' } }, tls: { certificates: [{ cert: 'a', key: 'b' }] } }),
      'listeners.db.tls must not stand beside passthrough',
    ],
    [withDb({ pool: 'db', http2: true }), 'listeners.db.http2 is for HTTP'],
    [
      { ...withDb({ pool: 'db' }), pools: { ...pools, db: { ...pools.db, protocol: 'h2c' } } },
      'listeners.db.pool must be a pool without "protocol": "h2c", whose connections are shared',
    ],
    [withDb({ pool: 'db', mode: 'udp' }), 'listeners.db.mode must be one of "http", "tcp", got "udp"'],
    [withDb({ pool: 'db', access: { basic: {} } }), 'listeners.db.access.basic is not a known key'],
    [withDb({ pool: 'db', idleTimeout: '1ms' }), 'listeners.db.idleTimeout must be a duration'],
    [
      withDb({ pool: 'db', limits: [{ inFlight: 3, by: { header: 'x-key' } }] }),
      'limits[0].by must be "address" or "route" in TCP mode',
    ],
    [
      { listeners: { a: { mode: 'http', pool: 'db', maxDuration: '1h' } }, routes: [{ pool: 'web' }], pools },
      'listeners.a.pool is for listeners with "mode": "tcp"',
    ],
    [
      { listeners: { a: { address: 'unix:/a', mode: '0660' } }, routes: [{ pool: 'web' }], pools },
      'permissions of a unix: address are called otherwise now, got "0660" ("permissions": "0660")',
    ],
  ])('%j is told', (source, part) => {
    expect(problemsOf(source)[0]).toContain(part)
  })

  test('is warned of what its pool has for HTTP alone', () => {
    const odd = {
      ...pools,
      db: { ...pools.db, affinity: 'path', strategy: 'consistent-hash', sticky: { cookie: { name: 's' } }, health: {} },
    }
    expect(warningsOf({ ...withDb({ pool: 'db' }), pools: odd }).map((line) => line.split(',')[0])).toEqual([
      'listeners.db.pool has an affinity by path',
      'listeners.db.pool has health checks that ask for a page',
      'listeners.db.pool has sticky sessions',
    ])
  })

  test('does not let tcp:// stand without a port', () => {
    expect(problemsOf({ pools: { db: { backends: ['tcp://a'] } } })[0]).toContain('must name a port behind tcp://')
  })
})
