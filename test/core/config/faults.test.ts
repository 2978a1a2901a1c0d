import { describe, expect, test } from 'bun:test'
import { parse, problemsOf, withPool, withTop } from './read-config.ts'

/** Each line is one config and all it is told. */
const faulty: readonly (readonly [title: string, source: string | object, ...problems: string[]])[] = [
  ['an empty object', '{}', '1:1: pools is required'],
  [
    'a list',
    '[]',
    '1:1: must be an object with the keys listeners, admin, trustedProxies, limits, timeouts, halfClose, transport, shutdownDelay, shutdownTimeout, drainTimeout, geo, log, tracing, explain, clients, overload, ban, providers, routes, pools, got []',
  ],
  [
    'null',
    'null',
    '1:1: must be an object with the keys listeners, admin, trustedProxies, limits, timeouts, halfClose, transport, shutdownDelay, shutdownTimeout, drainTimeout, geo, log, tracing, explain, clients, overload, ban, providers, routes, pools, got null',
  ],
  [
    'no pools',
    { pools: {} },
    '1:10: pools must name at least one pool, got {} (such as {"web":{"backends":["http://localhost:8081"]}})',
  ],
  [
    'no backends',
    '{ "pools": {\n  "web": {} } }',
    '2:10: pools.web.backends is required, or discovery that finds members',
  ],
  [
    'a mistyped key',
    '{ "pools": { "w": { "backends": [], "stratgy": "p2c" } } }',
    '1:37: pools.w.stratgy is not a known key (did you mean "strategy"?)',
  ],
  [
    'a mistyped strategy',
    withPool({ strategy: 'p3c' }),
    '1:66: pools.web.strategy must be one of round-robin, random, least-connections, expected-delay, p2c, peak-ewma, consistent-hash, geo-affinity, or a path such as "./plugins/mine.ts", got "p3c" (did you mean "p2c"?)',
  ],
  [
    'a repeated key',
    '{ "pools": { "w": { "backends": [], "backends": [] } } }',
    '1:37: pools.w.backends stands here twice',
  ],
  [
    'a pool and a listener that stand there twice',
    '{ "listeners": { "a": {}, "a": {} }, "pools": { "w": { "backends": [] }, "w": { "backends": [] } } }',
    '1:27: listeners.a stands here twice',
    '1:74: pools.w stands here twice',
  ],
  [
    'a missing comma and a wrong type',
    '{ "shutdownTimeout": 5\n"pools": { "w": { "backends": [] } } }',
    '1:22: shutdownTimeout must be a duration from 0ms to 1h such as "25s", got 5 (did you mean "5ms" or "5s"?)',
    '2:1: a comma is expected before this',
  ],
  [
    'a key with control characters',
    '{ "\\u001b[2J": 1, "pools": { "w": { "backends": [] } } }',
    '1:3: ["\\u001b[2J"] is not a known key (known here: $schema, listeners, admin, trustedProxies, limits, timeouts, halfClose, transport, shutdownDelay, shutdownTimeout, drainTimeout, geo, log, tracing, explain, clients, overload, ban, providers, routes, pools)',
  ],
]

describe('a faulty config', () => {
  test.each([...faulty])('with %s is told where and what', (_title, source, ...problems) => {
    expect(problemsOf(source)).toEqual(problems.map((problem) => `edge.json:${problem}`))
  })

  test('is told everything at once, from top to bottom', () => {
    const text = `{
      "listners": {},
      "timeouts": { "head": "0s" },
      "routes": [{ "pool": "wbe" }],
      "pools": { "web": { "backends": ["ftp://abc", "http://b", "http://B:80/"], "retry": { "attempts": 11 } } }
    }`
    expect(problemsOf(text)).toEqual([
      'edge.json:2:7: listners is not a known key (did you mean "listeners"?)',
      'edge.json:3:29: timeouts.head must be a duration from 10ms to 24h such as "10s", got "0s"',
      'edge.json:4:28: routes[0].pool must be the name of a pool, got "wbe" (did you mean "web"?)',
      'edge.json:5:40: pools.web.backends[0] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got "ftp://abc"',
      'edge.json:5:65: pools.web.backends[2] must differ from the others, yet is the same backend as [1], got "http://B:80/"',
      'edge.json:5:105: pools.web.retry.attempts must be a whole number from 1 to 10, got 11',
    ])
  })

  // A fault's place costs a walk over its list: describing all of them took minutes.
  test('of a hundred thousand faults describes a hundred and counts the rest', () => {
    const parsed = parse({ pools: { web: { backends: Array.from({ length: 100_000 }, () => ({})) } } })
    if (parsed.kind !== 'problems') throw new Error('must be refused')
    expect([parsed.problems.length, parsed.omitted]).toEqual([100, 99_900])
  })

  // What was meant is sought among all names: for each of these routes that is half a minute.
  test('seeks what was meant only for the faults that it describes', () => {
    const pools = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`pool-number-${n}`, { backends: [] }]))
    const routes = Array.from({ length: 10_000 }, (_, n) => ({ pool: `pool-namber-${n % 1000}` }))
    const parsed = parse({ pools, routes })
    if (parsed.kind !== 'problems') throw new Error('must be refused')
    expect([parsed.problems.length, parsed.omitted]).toEqual([100, 9900])
    expect(parsed.problems.at(-1)?.hint).toBe('did you mean "pool-number-99"?')
  })
})

describe('a faulty value', () => {
  test.each([
    [withTop({ listeners: {} }), 'listeners must name at least one listener, got {} (such as '],
    [withTop({ listeners: [] }), 'listeners must be an object of named entries, got []'],
    [withTop({ listeners: { a: { address: 8080 } } }), 'got 8080 (did you mean "0.0.0.0:8080"?)'],
    [withTop({ listeners: { a: { permissions: '0660' } } }), 'listeners.a.permissions is for unix: addresses only'],
    ...['660 ', '888', '01660', '', 'rw', '-660', '60'].map(
      (mode) =>
        [
          withTop({ listeners: { a: { address: 'unix:/a', permissions: mode } } }),
          `listeners.a.permissions must be permissions in octal such as "0660", got "${mode}"`,
        ] as const,
    ),
    [
      withTop({ listeners: { a: { address: 'unix:/a', permissions: 660 } } }),
      'got 660 (did you mean "0660", in quotes?)',
    ],
    [
      withTop({ listeners: { a: { address: 'unix:/a', reusePort: true } } }),
      'listeners.a.reusePort must not be true for a unix: address',
    ],
    [withTop({ listeners: { a: { reusePort: 'yes' } } }), 'listeners.a.reusePort must be true or false, got "yes"'],
    [
      withTop({ listeners: { a: { address: 'unix:/a', deferAccept: true } } }),
      'listeners.a.deferAccept must not be true for a unix: address',
    ],
    [withTop({ listeners: { a: { deferAccept: 1 } } }), 'listeners.a.deferAccept must be true or false, got 1'],
    [withPool({ health: { service: 'a.B' } }), 'pools.web.health.service is for gRPC checks only'],
    [
      withPool({ health: { check: 'grpc', path: '/x' } }),
      'pools.web.health.path is for HTTP checks only; a "grpc" check calls a service',
    ],
    [
      withPool({ health: { check: 'grpc', service: '/a' } }),
      'pools.web.health.service must be the full name of a service such as "shop.v1.Orders", got "/a"',
    ],
    [withTop({ listeners: { a: { http2: 1 } } }), 'listeners.a.http2 must be true, false or "only", got 1'],
    [withTop({ listeners: { a: { http2: 'yes' } } }), 'listeners.a.http2 must be true, false or "only", got "yes"'],
    [withTop({ listeners: { 'a/b': {} } }), 'listeners["a/b"] must be a name'],
    [withTop({ admin: true }), 'admin must be an object with the keys address, token, open, or false, got true'],
    [withTop({ admin: { address: '0.0.0.0:1' } }), 'admin.token must be set when the address is not loopback'],
    [withTop({ admin: { address: '0.0.0.0:1', token: '${T:-}' } }), 'here it is empty'],
    [
      withTop({ admin: { address: '0.0.0.0:1', open: true } }),
      'admin.token must be set when the address is not loopback',
    ],
    [
      withTop({ admin: { token: 'a', open: true } }),
      'admin.open must not be true beside a token, which guards everything',
    ],
    [withTop({ admin: { open: 'yes' } }), 'admin.open must be true or false, got "yes"'],
    [withTop({ trustedProxies: '10.0.0.0/8' }), 'trustedProxies must be a list, got "10.0.0.0/8"'],
    [withTop({ trustedProxies: ['10.0.0.1/8'] }), 'did you mean "10.0.0.0/8"?'],
    [withTop({ trustedProxies: ['localhost'] }), 'got "localhost" (did you mean "127.0.0.1" and "::1"?)'],
    [withTop({ trustedProxies: ['proxy.internal'] }), 'names are not looked up'],
    [withTop({ trustedProxies: ['10.0.0.1:80'] }), 'did you mean "10.0.0.1"?'],
    [withTop({ trustedProxies: ['unix'] }), 'did you mean "unix:"?'],
    [withTop({ trustedProxies: ['unix:/run/edge.sock'] }), 'did you mean "unix:"?'],
    [
      withTop({ geo: { table: [{ cidr: 'unix:', zone: 'a' }] } }),
      'geo.table[0].cidr must be an IP address or CIDR block',
    ],
    [withTop({ listeners: { a: { address: '0.0.0.0:99999' } } }), 'got "0.0.0.0:99999" (ports go from 0 to 65535)'],
    [withTop({ limits: { head: '1KiB', target: '2KiB' } }), 'limits.target must not be larger than limits.head'],
    [withTop({ limits: { head: 65_536 } }), 'got 65536 (did you mean "65536B"?)'],
    [withPool({ health: { interval: 5 } }), 'got 5 (did you mean "5s"?)'],
    [withPool({ health: { interval: '20' } }), 'got "20" (did you mean "20ms" or "20s"?)'],
    [withTop({ limits: { fields: 1e300 } }), 'limits.fields must be a whole number from 8 to 4096, got 1e+300'],
    [withTop({ limits: { connections: 0 } }), 'limits.connections must be a whole number from 1'],
    [withTop({ geo: { header: 'a b' } }), 'geo.header must be a field name'],
    [withTop({ geo: { table: [{ cidr: '10.0.0.0/8' }] } }), 'geo.table[0] must give a zone or a place'],
    [withTop({ geo: { database: 'no.mmdb' } }), 'geo.database must name a file that exists'],
    [withTop({ routes: [{}] }), 'routes[0].pool is required'],
    [withTop({ routes: [{ pool: 'web', match: { host: '*' } }] }), 'leave host out to match every host'],
    [withTop({ routes: [{ pool: 'web', match: { host: 'a:80' } }] }), 'must be a host without port'],
    [withTop({ routes: [{ pool: 'web', match: { host: '*.a.b:80' } }] }), 'got "*.a.b:80" (did you mean "*.a.b"?)'],
    [withTop({ routes: [{ pool: 'web', match: { host: 'münchen.de' } }] }), 'did you mean "xn--mnchen-3ya.de"?'],
    [withTop({ routes: [{ pool: 'web', match: { host: '*.münchen.de' } }] }), 'did you mean "*.xn--mnchen-3ya.de"?'],
    [
      withTop({ routes: [{ pool: 'web', path: '/v1' }] }),
      'routes[0].path is not a known key (it belongs into "match")',
    ],
    [withPool({ algorithm: 'p2c' }), 'pools.web.algorithm is not a known key (here that is "strategy")'],
    [withPool({ 'health-check': {} }), 'pools.web.health-check is not a known key (here that is "health")'],
    [withTop({ upstreams: {} }), 'upstreams is not a known key (here that is "pools")'],
    [withPool({ hedge: {} }), 'pools.web.hedge is not a known key (it belongs into an item of "routes")'],
    [withPool({ access: {} }), 'pools.web.access is not a known key (it belongs into an item of "routes")'],
    [
      withTop({ access: {} }),
      'access is not a known key (it belongs into an entry of "listeners" or "log" or an item of "routes")',
    ],
    [
      withTop({ limits: [{ rate: '1/s' }] }),
      'connections, replay, got a list (limits of requests belong into "limits" of a route or a pool)',
    ],
    [
      withTop({ limits: { rate: '1/s' } }),
      'limits.rate is not a known key (it belongs into "limits" of a route or a pool)',
    ],
    [withPool({ colour: 1 }), 'pools.web.colour is not a known key (known here: '],
    [{ pools: { web: ['http://a'] } }, 'maxInflight, limits, got a list'],
    [withTop({ head: '1s' }), 'head is not a known key (it belongs into "limits" or "timeouts")'],
    [withTop({ address: '0.0.0.0:80' }), '(it belongs into an entry of "listeners" or "admin")'],
    [withPool({ tier: 1 }), 'pools.web.tier is not a known key (it belongs into an item of "backends")'],
    [withTop({ backends: [] }), 'backends is not a known key (it belongs into an entry of "pools")'],
    [withTop({ toString: 1 }), 'toString is not a known key (known here: '],
    [withTop({ routes: [{ pool: 'web', match: { path: 'v1' } }] }), 'did you mean "/v1"?'],
    [withTop({ routes: [{ pool: 'web', match: { path: '/a*b' } }] }), 'have a * at its end only'],
    [withTop({ routes: [{ pool: 'web', match: { method: 'get' } }] }), 'did you mean "GET"?'],
    [withTop({ routes: [{ pool: 'web', match: { method: [] } }] }), 'method must not be empty'],
    [withTop({ routes: [{ pool: 'web', match: { header: { 'a b': '1' } } }] }), 'must be a field name'],
    [withTop({ routes: [{ pool: 'web', match: { header: { a: '1', A: '2' } } }] }), 'names a field a second time'],
    [withTop({ routes: [{ pool: 'web', match: { header: { a: 'x\r\ny' } } }] }), 'must be printable ASCII'],
    [{ pools: { a: { backends: [] }, b: { backends: [] } } }, 'routes is required when there are several pools'],
    [{ pools: { web: { backends: { file: 'no.json' } } } }, 'pools.web.backends.file must name a file that exists'],
    [{ pools: { web: { backends: 'http://a' } } }, 'must be a list of backends or { "file": "backends.json" }'],
    [{ pools: { web: { backends: [{ weight: 2 }] } } }, 'pools.web.backends[0].url is required'],
    [
      { pools: { web: { backends: [{ url: 'http://a', weight: 0 }] } } },
      'weight must be a number from 0.001 to 1000, got 0 ("drain": true keeps requests away)',
    ],
    [
      { pools: { web: { backends: [{ url: 'http://a', weight: '2' }] } } },
      'weight must be a number from 0.001 to 1000, got "2" (did you mean 2, without quotes?)',
    ],
    [
      { pools: { web: { backends: [{ url: 'http://a', drain: 'true' }] } } },
      'drain must be true or false, got "true" (did you mean true, without quotes?)',
    ],
    [{ pools: { web: { backends: ['http://a:99999'] } } }, 'got "http://a:99999" (ports go from 1 to 65535)'],
    [{ pools: { web: { backends: ['http://a:0'] } } }, 'ports go from 1 to 65535'],
    [{ pools: { web: { backends: ['http://münchen.de:1'] } } }, 'did you mean "http://xn--mnchen-3ya.de:1"?'],
    [{ pools: { web: { backends: [{ url: 'http://a', place: { latitude: 1 } }] } } }, 'place.longitude is required'],
    [withPool({ strategy: './no.ts' }), 'pools.web.strategy must name a file that exists'],
    [withPool({ strategy: 'mine.ts' }), 'did you mean "./mine.ts"?'],
    [withPool({ strategy: { options: {} } }), 'pools.web.strategy.use is required'],
    [
      withPool({ strategy: { use: 'p2c', options: { a: ['${NOPE}'] } } }),
      'pools.web.strategy.options.a[0] needs the environment variable NOPE',
    ],
    [withPool({ affinity: 'cookie:' }), 'pools.web.affinity must be'],
    [withPool({ affinity: 7 }), 'pools.web.affinity must be "client"'],
    [withPool({ affinity: [] }), 'pools.web.affinity must not be empty'],
    [withPool({ affinity: ['cookie:a', 'cookie'] }), 'pools.web.affinity[1] must be "client"'],
    [
      withPool({ affinity: ['cookie:a', 'path', 'header:b'] }),
      'pools.web.affinity[2] must not stand behind "path", which every request has',
    ],
    [withPool({ health: true }), 'pools.web.health must be an object with the keys check, path'],
    [withPool({ health: { check: 'tcp', path: '/' } }), 'pools.web.health.path is for HTTP checks only'],
    [withPool({ health: { check: 'htp' } }), 'did you mean "http"?'],
    [
      withPool({ health: { interval: '1s', timeout: '2s' } }),
      'pools.web.health.timeout must not be longer than interval',
    ],
    [withPool({ health: { expect: '399-200' } }), 'must be a status'],
    [withPool({ health: { expect: [] } }), 'expect must not be empty'],
    [withPool({ health: { path: '/a b' } }), 'health.path must begin with /'],
    [withPool({ health: { path: 'health?full' } }), 'got "health?full" (did you mean "/health?full"?)'],
    [withPool({ health: { host: 'münchen.de:80' } }), 'did you mean "xn--mnchen-3ya.de:80"?'],
    [withPool({ retry: { attempts: '3' } }), 'got "3" (did you mean 3, without quotes?)'],
    [withPool({ health: { jitter: 0.6 } }), 'jitter must be a number from 0 to 0.5, got 0.6'],
    [withPool({ health: { rise: 0 } }), 'pools.web.health.rise must be a whole number from 1 to 100, got 0'],
    [withPool({ breaker: true }), 'pools.web.breaker must be an object with the keys failures, window'],
    [withPool({ breaker: { errorRatio: 0 } }), 'breaker.errorRatio must be a number from 0.01 to 1, got 0'],
    [withPool({ breaker: { errorRatio: 50 } }), 'breaker.errorRatio must be a number from 0.01 to 1, got 50'],
    [withPool({ breaker: { errorRatio: true } }), 'errorRatio must be a number, 0.01 to 1, or false, got true'],
    [withPool({ breaker: { failuresInRow: -1 } }), 'failuresInRow must be a whole number from 1 to 10000, got -1'],
    [withPool({ breaker: { failuresInRow: 'no' } }), 'must be a whole number, 1 to 10000, or false, got "no"'],
    [withPool({ breaker: { minRequests: 1e9 } }), 'minRequests must be a whole number from 1 to 1000000'],
    [withPool({ breaker: { window: '10ms' } }), 'breaker.window must be a duration from 1s to 10m'],
    [withPool({ breaker: { openTime: '0s' } }), 'breaker.openTime must be a duration from 100ms to 1h'],
    [withPool({ breaker: { trials: 0 } }), 'breaker.trials must be a whole number from 1 to 1000, got 0'],
    [withPool({ breaker: { jitter: 0.9 } }), 'breaker.jitter must be a number from 0 to 0.5, got 0.9'],
    [withPool({ breaker: { slowCalls: {} } }), 'breaker.slowCalls.latency is required'],
    [withPool({ breaker: { failures: [] } }), 'breaker.failures must not be empty, got []'],
    [withPool({ breaker: { failures: ['conect'] } }), 'got "conect" (did you mean "connect"?)'],
    [withPool({ breaker: { failures: ['599-500'] } }), 'failures[0] must be "connect"'],
    [withPool({ breaker: { failures: [99] } }), 'failures[0] must be a whole number from 100 to 599, got 99'],
    [
      withPool({ breaker: { openTime: '10s', maxOpenTime: '5s' } }),
      'pools.web.breaker.maxOpenTime must not be shorter than openTime, got "5s"',
    ],
    [
      withPool({ breaker: { errorRatio: false, failuresInRow: false } }),
      'pools.web.breaker must have one of errorRatio, failuresInRow and slowCalls: nothing else opens it',
    ],
    [withPool({ ejection: { maxStatistical: 2 } }), 'maxStatistical must be a number from 0 to 1, got 2'],
    [withPool({ ejection: { successRate: { factor: 0 } } }), 'factor must be a number from 0.1 to 10, got 0'],
    [withPool({ ejection: { successRate: 5 } }), 'successRate must be an object, or false, got 5'],
    [withPool({ ejection: { failureRatio: { ratio: 85 } } }), 'ratio must be a number from 0 to 0.99, got 85'],
    [
      withPool({ ejection: { interval: '1m', baseTime: '30s' } }),
      'pools.web.ejection.baseTime must not be shorter than interval, got "30s"',
    ],
    [
      withPool({ ejection: { baseTime: '1m', maxTime: '30s' } }),
      'pools.web.ejection.maxTime must not be shorter than baseTime, got "30s"',
    ],
    [
      withPool({ ejection: { successRate: false, failureRatio: false, failuresInRow: false } }),
      'pools.web.ejection must have one of successRate, failureRatio and failuresInRow: nothing else ejects',
    ],
    [withPool({ slowStart: { floor: 0 } }), 'slowStart.floor must be a number from 0.01 to 1, got 0'],
    [withPool({ slowStart: { curve: -1 } }), 'slowStart.curve must be a number from 0.1 to 10, got -1'],
    [withPool({ slowStart: { window: '2h' } }), 'slowStart.window must be a duration from 100ms to 1h'],
    [withPool({ maxEjected: 1.5 }), 'pools.web.maxEjected must be a number from 0 to 1, got 1.5'],
    [withPool({ panicThreshold: '50%' }), 'pools.web.panicThreshold must be a number from 0 to 1, got "50%"'],
    [withPool({ backends: [{ url: 'http://a', tier: -1 }] }), 'tier must be a whole number from 0 to 15, got -1'],
    [withPool({ backends: [{ url: 'http://a', tier: 0.5 }] }), 'tier must be a whole number from 0 to 15, got 0.5'],
    [withPool({ retry: { attempts: 1.5 } }), 'must be a whole number from 1 to 10, got 1.5'],
    [withPool({ timeouts: { connect: null } }), 'connect must be a duration from 10ms to 24h such as "2s", got null'],
  ])('%j is one problem', (source, part) => {
    const problems = problemsOf(source)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(part)
  })
  test.each([0, -5, '0', 3_600_001, 1e300])('of %j has no unit offered that would not do either', (interval) => {
    expect(problemsOf(withPool({ health: { interval } }))).toEqual([
      expect.stringMatching(/interval must be a duration from 10ms to 1h such as "5s", got \S+$/),
    ])
  })
})
