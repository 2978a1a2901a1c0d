import { describe, expect, test } from 'bun:test'
import { formatWarning } from '../../../core/config/problems.ts'
import { findUnreachable } from '../../../core/config/schema/unreachable.ts'
import type { RouteMatch } from '../../../core/route/route.ts'
import { Secret } from '../../../core/secrets.ts'
import { parse, type Surroundings, withPool } from './read-config.ts'

/** As people see them; none for a config that is refused. */
function warningsOf(source: object, surroundings: Surroundings = {}): string[] {
  const parsed = parse(source, surroundings)
  return parsed.kind === 'config' ? parsed.warnings.map(formatWarning) : [parsed.kind]
}

describe('a config that may be run, and is hardly meant,', () => {
  test.each([
    [{ pools: { web: { backends: ['http://a'] } }, routes: [{ pool: 'web' }] }, []],
    [
      { pools: { web: { backends: [] } } },
      ['edge.json:1:29: warning: pools.web.backends is empty: every request to this pool is answered with 503'],
    ],
    [
      { routes: [], pools: { web: { backends: ['http://a'] } } },
      [
        'edge.json:1:11: warning: routes is empty, so that the only pool serves everything (leave it out if that is meant)',
      ],
    ],
    [
      { pools: { web: { backends: ['http://a'] } }, routes: [{ pool: 'web' }, { match: { path: '/a' }, pool: 'web' }] },
      ['edge.json:1:69: warning: routes[1] can never match: routes[0] takes all of its requests'],
    ],
    [
      withPool({ breaker: {}, maxEjected: 0 }),
      ['edge.json:1:81: warning: pools.web.maxEjected is 0, so that breaker and ejection never hold anybody out'],
    ],
    [
      withPool({ maxEjected: 0 }),
      [
        'edge.json:1:68: warning: pools.web.maxEjected does nothing: nothing holds backends out (it bounds breaker and ejection, and neither is set)',
      ],
    ],
    [
      withPool({ health: {}, passive: { failures: 2, retryAfter: '1s' } }),
      [
        'edge.json:1:104: warning: pools.web.passive.retryAfter does nothing: health checks bring a backend back (health.interval and health.rise say when)',
      ],
    ],
    [withPool({ passive: { retryAfter: '1s' } }), []],
    [
      withPool({ retry: { on: ['reset', 'unavailable'] } }),
      [
        'edge.json:1:69: warning: pools.web.retry.on names statuses of gRPC, of which backends that speak HTTP/1.1 know nothing ("protocol": "h2c" of the pool has them speak HTTP/2, or "h2" over TLS)',
      ],
    ],
    [
      { ...withPool({}), routes: [{ pool: 'web', retry: { on: ['unavailable'] } }] },
      [
        'edge.json:1:95: warning: routes[0].retry.on names statuses of gRPC, of which backends that speak HTTP/1.1 know nothing ("protocol": "h2c" of the pool has them speak HTTP/2, or "h2" over TLS)',
      ],
    ],
    [withPool({ retry: { on: ['unavailable'] }, protocol: 'h2c' }), []],
    ...(
      [
        [{ attempts: 1 }, 'attempts is 1 (the first counts, so that 2 is one retry)'],
        [{ maxBody: '0B' }, 'maxBody is 0B (of a call its messages must be kept)'],
      ] as [object, string][]
    ).flatMap(([more, words]): [object, string[]][] => {
      const idle = `.retry.on names statuses of gRPC, after which no call is made again: ${words}`
      const [pool, route] = [`edge.json:1:69: warning: pools.web${idle}`, expect.stringContaining(`routes[0]${idle}`)]
      const on = ['unavailable']
      const routed = (retry: object, own: object) => ({
        ...withPool({ protocol: 'h2c', retry }),
        routes: [{ pool: 'web', retry: own }],
      })
      return [
        [withPool({ retry: { on, ...more }, protocol: 'h2c' }), [pool]],
        [withPool({ retry: { on: ['connect'], ...more } }), []],
        [routed(more, { on }), [route]],
        [routed({}, { on, ...more }), [route]],
        [routed(more, { on, attempts: 2, maxBody: '1KiB' }), []],
      ]
    }),
    [
      withPool({ retry: { on: ['reset', 'connect', 'reset'], statuses: [503, 503] } }),
      [
        'edge.json:1:88: warning: pools.web.retry.on[2] does nothing: the same stands before it',
        'edge.json:1:113: warning: pools.web.retry.statuses[1] does nothing: the same stands before it',
      ],
    ],
    [
      { ...withPool({}), routes: [{ pool: 'web', retry: { on: ['reset', 'reset'] } }] },
      [expect.stringContaining('routes[0].retry.on[1] does nothing: the same stands before it')],
    ],
    [withPool({ retry: { on: ['unavailable'] }, protocol: 'h2', backends: ['https://a'] }), []],
    [{ ...withPool({ protocol: 'h2c' }), routes: [{ pool: 'web', retry: { on: ['unavailable'] } }] }, []],
    [
      { pools: { web: { backends: ['http://a'] }, idle: { backends: ['http://b'] } }, routes: [{ pool: 'web' }] },
      ['edge.json:1:43: warning: pools.idle serves nothing: no route leads to it (add one to routes)'],
    ],
    [
      { ...withPool({}), routes: [{ pool: 'web', hedge: {}, priority: 3 }] },
      [
        'edge.json:1:89: warning: routes[0].hedge does nothing: the pool web has one backend (a hedge goes to another than the first)',
        'edge.json:1:103: warning: routes[0].priority does nothing: nothing goes by it (a queue of the pool web goes by it, and so does overload)',
      ],
    ],
    [
      {
        overload: { lag: '200ms' },
        pools: {
          web: { backends: ['http://a', 'http://b'] },
          api: { backends: [], discovery: [{ dns: { name: 'api.test', port: 80 } }] },
        },
        routes: [
          { match: { path: '/api' }, pool: 'api', hedge: {} },
          { pool: 'web', hedge: {}, priority: 3 },
        ],
      },
      [],
    ],
    [
      { ...withPool({}), routes: [{ pool: 'web', access: { certificate: 'required' } }] },
      [
        'edge.json:1:105: warning: routes[0].access.certificate lets nobody in: no listener asks clients for certificates (tls.clients of a listener does)',
      ],
    ],
    [
      { geo: { header: 'x-place' }, ...withPool({ strategy: 'p2c' }) },
      [
        'edge.json:1:8: warning: geo does nothing: no pool’s strategy reads where a client is (geo-affinity does, and strategies of your own may)',
      ],
    ],
    [{ geo: { header: 'x-place' }, ...withPool({ strategy: 'geo-affinity' }) }, []],
    [
      {
        pools: {
          web: {
            backends: [
              { url: 'http://a', drain: true },
              { url: 'http://b', drain: true },
            ],
          },
        },
      },
      [
        'edge.json:1:29: warning: pools.web.backends has only such as drain: every request to this pool is answered with 503',
      ],
    ],
    [
      withPool({ ejection: {}, panicThreshold: 0.6 }),
      [
        'edge.json:1:86: warning: pools.web.panicThreshold is more than 1 - maxEjected (0.5), so that all are used before breaker and ejection have held out as many as they may',
      ],
    ],
    [
      withPool({ breaker: { slowCalls: { latency: '30s' } } }),
      [
        'edge.json:1:65: warning: pools.web.breaker has a slowCalls.latency that is no shorter than timeouts.response: what takes so long is a failure already',
      ],
    ],
    [
      withPool({ affinity: 'cookie:sid' }),
      [
        'edge.json:1:66: warning: pools.web.affinity does nothing: expected-delay reads no key (consistent-hash does, and strategies of your own may)',
      ],
    ],
    [
      withPool({ affinity: 'client', strategy: { use: 'p2c' } }),
      [
        'edge.json:1:66: warning: pools.web.affinity does nothing: p2c reads no key (consistent-hash does, and strategies of your own may)',
      ],
    ],
    [withPool({ affinity: 'cookie:sid', strategy: 'consistent-hash' }), []],
    [withPool({ strategy: 'p2c' }), []],
    [
      withPool({ affinity: ['cookie:a', 'header:x', 'cookie:a', 'header:X'], strategy: 'consistent-hash' }),
      [
        'edge.json:1:89: warning: pools.web.affinity[2] does nothing: the same stands before it',
        'edge.json:1:100: warning: pools.web.affinity[3] does nothing: the same stands before it',
      ],
    ],
  ])('is warned of: %j', (source, warnings) => {
    expect(warningsOf(source)).toEqual(warnings)
  })

  test('is not warned of certificates of clients that a listener asks for', () => {
    const clients = { certificate: 'optional', ca: ['ca.pem'] }
    const tls = { certificates: [{ cert: 'a.pem', key: 'a.key' }], clients }
    const routes = [{ pool: 'web', access: { certificate: 'required' } }]
    const present = ['/app/a.pem', '/app/a.key', '/app/ca.pem']
    expect(warningsOf({ listeners: { web: { tls } }, ...withPool({}), routes }, { present })).toEqual([])
  })

  test('is not warned of a key that its own strategy may read', () => {
    const source = withPool({ affinity: 'path', strategy: './mine.ts' })
    expect(warningsOf(source, { present: ['/app/mine.ts'] })).toEqual([])
  })

  test('is warned of in its members file, too', () => {
    const source = { pools: { web: { backends: { file: 'm.json' } } } }
    expect(warningsOf(source, { members: { '/app/m.json': '{ "backends": [] }' } })).toEqual([
      'm.json:1:15: warning: backends is empty: every request to this pool is answered with 503',
    ])
  })

  test('is told of its problems alone while it has any', () => {
    expect(warningsOf({ pools: { web: { backends: [] } }, colour: 1 })).toEqual(['problems'])
  })
})

const match = (conditions: Partial<RouteMatch>): RouteMatch => ({
  host: undefined,
  path: undefined,
  methods: undefined,
  headers: [],
  ...conditions,
})
const key = (value: string) => ({ name: 'x-key', value: new Secret(value) })

describe('findUnreachable', () => {
  test.each<[string, Partial<RouteMatch>[], [number, number][]]>([
    ['nothing twice', [{ path: '/a' }, { path: '/b' }, {}], []],
    ['what stands behind one for everything', [{}, { path: '/a' }, { host: 'x', methods: ['GET'] }], [[1, 0], [2, 0]]], // prettier-ignore
    ['what stands behind /*', [{ path: '/*' }, { path: '/a' }, { host: 'x', path: '/b/*' }], [[1, 0], [2, 0]]], // prettier-ignore
    ['the same conditions, in whatever order', [{ methods: ['GET', 'PUT'] }, { methods: ['PUT', 'GET'] }], [[1, 0]]],
    ['what a host took whole', [{ host: 'x' }, { host: 'x', path: '/a' }, { host: 'y', path: '/a' }], [[1, 0]]],
    ['what a path took from all hosts', [{ path: '/a' }, { host: 'x', path: '/a', methods: ['GET'] }], [[1, 0]]],
    ['not what asks for less', [{ path: '/a' }, {}], []],
    ['not another value of a field', [{ headers: [key('1')] }, { headers: [key('2')] }], []],
    ['the same field', [{ headers: [key('1')] }, { path: '/a', headers: [key('1')] }], [[1, 0]]],
    ['the first of those that take all', [{ host: 'x' }, {}, { host: 'x', path: '/a' }], [[2, 0]]],
  ])('finds %s', (_title, conditions, found) => {
    expect(findUnreachable(conditions.map(match)).map(({ index, behind }) => [index, behind])).toEqual(found)
  })

  test('is through with a hundred thousand routes', () => {
    const matches = Array.from({ length: 100_000 }, (_, at) => match({ host: `h${at}`, path: `/${at}` }))
    expect(findUnreachable(matches)).toEqual([])
  }, 5000)
})
