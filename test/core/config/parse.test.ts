import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { tcpListener, testRetry, unixListener } from '../../support/edge.ts'
import { configOf, problemsOf, withPool, withTop } from './read-config.ts'

const everything = { host: undefined, path: undefined, methods: undefined, headers: [] }

describe('a valid config', () => {
  test('of one line has every default filled in', () => {
    const config = configOf('{ "pools": { "web": { "backends": ["http://localhost:8081"] } } }')
    expect(config).toEqual({
      listeners: [{ ...tcpListener('default', 8080, '0.0.0.0'), deferAccept: true }],
      admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 9900 }, token: undefined, open: false },
      trustedProxies: [],
      limits: {
        maxHeadBytes: 65_536,
        maxTargetBytes: 16_384,
        maxFields: 256,
        maxConnections: undefined,
        maxReplayBytes: 67_108_864,
      },
      timeouts: { headMs: 10_000, bodyMs: 30_000, keepAliveMs: 75_000, tunnelMs: 3_600_000 },
      halfClose: 'abort',
      transport: 'auto',
      shutdownDelayMs: 100,
      shutdownTimeoutMs: 25_000,
      drainTimeoutMs: 300_000,
      geo: undefined,
      clients: undefined,
      overload: undefined,
      accessLog: undefined,
      ban: undefined,
      routes: [{ match: everything, pool: 'web', priority: 5 }],
      tcpRoutes: [],
      pools: [
        {
          name: 'web',
          members: [
            {
              id: 'localhost:8081',
              address: { kind: 'tcp', host: 'localhost', port: 8081 },
              scheme: 'http',
              weight: 1,
              tier: 0,
              maxInflight: undefined,
              zone: undefined,
              isDraining: false,
              place: undefined,
            },
          ],
          membersFile: undefined,
          strategy: { use: 'expected-delay', options: undefined },
          affinity: [{ kind: 'client' }],
          sticky: undefined,
          health: undefined,
          passive: { failures: 3, retryAfterMs: 10_000 },
          breaker: undefined,
          ejection: undefined,
          slowStart: undefined,
          maxEjected: 0.5,
          panicThreshold: 0,
          retry: testRetry({ backoffMs: 25, maxBackoffMs: 250 }),
          timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000, maxAgeMs: 300_000 },
          maxIdleConnections: 256,
          maxConnections: undefined,
          maxInflight: undefined,
          queue: undefined,
          concurrency: undefined,
          limits: undefined,
        },
      ],
    })
  })

  test('may say everything', () => {
    const text = `{
      "$schema": "./smartedge.schema.json",
      "listeners": {
        "web": { "address": "[::]:80", "reusePort": true, "deferAccept": false },
        "local": { "address": "unix:/run/edge.sock", "permissions": "0660", "reusePort": false },
      },
      "admin": { "address": "0.0.0.0:9900", "token": "\${TOKEN}" },
      "trustedProxies": ["10.0.0.0/8", "::1"],
      "limits": { "head": "32KiB", "target": "8KiB", "fields": 100, "connections": 5000, "replay": "0B" },
      "timeouts": { "head": "5s", "body": "1m", "keepAlive": "10s", "tunnel": "2h" },
      "shutdownTimeout": "0s",
      "drainTimeout": "1m",
      "geo": { "header": "X-Zone", "table": [{ "cidr": "10.1.0.0/16", "zone": "eu-1" }], "database": "geo.mmdb" },
      "routes": [
        { "match": { "host": "API.example.com", "path": "/v1/*", "method": "GET", "header": { "X-Canary": "1" } }, "pool": "api", "priority": 9 },
        { "match": { "host": "*.example.com" }, "pool": "api" },
        { "pool": "web", "priority": 0 }, // the rest
      ],
      "pools": {
        "web": {
          "backends": { "file": "backends.json" },
          "strategy": { "use": "./plugins/mine.ts", "options": { "decay": "\${DECAY:-10s}", "deep": [1, null, true] } },
          "affinity": "header:X-User",
          "health": { "path": "/health?full", "host": "app:80", "expect": [200, "300-399"], "interval": "2s", "timeout": "500ms", "rise": 1, "fall": 5, "jitter": 0, "initially": "unchecked", "maxConcurrent": 4 },
          "passive": { "failures": 1, "retryAfter": "1s" },
          "retry": { "attempts": 1 },
          "timeouts": { "connect": "1s", "response": "1m", "idle": "5m", "keepAlive": "30s" },
          "maxIdleConnections": 0,
          "maxConnections": 10,
        },
        "api": {
          "backends": [{ "url": "http://10.0.0.1", "weight": 2.5, "zone": "eu-1", "place": { "latitude": 52.5, "longitude": 13.4 } }],
          "strategy": "consistent-hash",
          "health": { "check": "tcp" },
        },
      },
    }`
    const config = configOf(text, {
      env: { TOKEN: 'sesame' },
      members: { '/app/backends.json': '{ "backends": ["http://a", "unix:/b.sock"] }' },
      present: ['/app/plugins/mine.ts', '/app/geo.mmdb'],
    })
    expect(config.listeners).toEqual([
      { ...tcpListener('web', 80, '::'), reusePort: true },
      { ...unixListener('local', '/run/edge.sock'), permissions: 0o660 },
    ])
    expect(config.admin?.token?.reveal()).toBe('sesame')
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(config.limits).toEqual({
      maxHeadBytes: 32_768,
      maxTargetBytes: 8192,
      maxFields: 100,
      maxConnections: 5000,
      maxReplayBytes: 0,
    })
    expect(config.timeouts).toEqual({ headMs: 5000, bodyMs: 60_000, keepAliveMs: 10_000, tunnelMs: 7_200_000 })
    expect([config.shutdownTimeoutMs, config.drainTimeoutMs]).toEqual([0, 60_000])
    expect(config.geo).toEqual({
      header: 'x-zone',
      table: [{ cidr: '10.1.0.0/16', zone: 'eu-1', place: undefined }],
      database: '/app/geo.mmdb',
    })
    expect(config.routes).toEqual([
      {
        pool: 'api',
        priority: 9,
        match: {
          host: 'api.example.com',
          path: '/v1/*',
          methods: ['GET'],
          headers: [{ name: 'x-canary', value: new Secret('1') }],
        },
      },
      { pool: 'api', match: { ...everything, host: '*.example.com' }, priority: 5 },
      { pool: 'web', match: everything, priority: 0 },
    ])
    const [web, api] = config.pools
    expect(web).toMatchObject({
      name: 'web',
      membersFile: '/app/backends.json',
      strategy: { use: '/app/plugins/mine.ts', options: { decay: '10s', deep: [1, null, true] } },
      affinity: [{ kind: 'header', name: 'x-user' }],
      health: {
        check: {
          kind: 'http',
          path: '/health?full',
          host: 'app:80',
          expect: [
            { from: 200, to: 200 },
            { from: 300, to: 399 },
          ],
        },
        intervalMs: 2000,
        jitterRatio: 0,
        timeoutMs: 500,
        rise: 1,
        fall: 5,
        initially: 'unchecked',
        maxConcurrent: 4,
      },
      passive: { failures: 1, retryAfterMs: 1000 },
      retry: { attempts: 1 },
      timeouts: { connectMs: 1000, responseMs: 60_000, idleMs: 300_000, keepAliveMs: 30_000, maxAgeMs: 300_000 },
      maxIdleConnections: 0,
      maxConnections: 10,
    })
    expect(web?.members.map((member) => member.id)).toEqual(['a:80', 'unix:/b.sock'])
    expect(api?.members[0]).toMatchObject({ weight: 2.5, zone: 'eu-1', place: { latitude: 52.5, longitude: 13.4 } })
    expect(api?.health?.check).toEqual({ kind: 'tcp' })
  })

  test('may begin with a byte order mark', () => {
    expect(configOf(`\uFEFF${JSON.stringify(withPool({}))}`).pools.length).toBe(1)
    expect(problemsOf('\uFEFF{ "x": 1, "pools": { "a": { "backends": [] } } }')[0]).toStartWith('edge.json:1:3: x ')
  })

  test('without admin says so with false', () => {
    expect(configOf(withTop({ admin: false })).admin).toBeUndefined()
  })

  test.each([
    [{ drain: true }, true],
    [{ drain: false }, false],
    [{}, false],
  ])('with the member %j knows whether it drains', (member, isDraining) => {
    const [pool] = configOf({ pools: { web: { backends: [{ url: 'http://a', ...member }] } } }).pools
    expect(pool?.members[0]?.isDraining).toBe(isDraining)
  })

  test.each(['true', 1, null, {}])('refuses to drain by %j', (drain) => {
    expect(problemsOf({ pools: { web: { backends: [{ url: 'http://a', drain }] } } })[0]).toContain(
      'pools.web.backends[0].drain must be true or false',
    )
  })

  test('takes an empty admin token for none', () => {
    expect(configOf(withTop({ admin: { token: '${T:-}' } })).admin?.token).toBeUndefined()
    expect(configOf(withTop({ admin: { token: '${T:-}', open: true } })).admin).toMatchObject({ open: true })
  })

  test('has health checks with their defaults when the key is there', () => {
    expect(configOf(withPool({ health: {} })).pools[0]?.health).toEqual({
      check: { kind: 'http', path: '/', host: undefined, expect: [{ from: 200, to: 399 }] },
      intervalMs: 5000,
      jitterRatio: 0.1,
      timeoutMs: 1000,
      rise: 2,
      fall: 3,
      initially: 'usable',
      maxConcurrent: 32,
    })
  })

  test('shortens the default check time-out and target to what bounds them', () => {
    expect(configOf(withPool({ health: { interval: '200ms' } })).pools[0]?.health?.timeoutMs).toBe(200)
    expect(configOf(withTop({ limits: { head: '4KiB' } })).limits.maxTargetBytes).toBe(4096)
  })

  test.each([
    ['client', [{ kind: 'client' }]],
    ['path', [{ kind: 'path' }]],
    ['cookie:Session', [{ kind: 'cookie', name: 'Session' }]],
    [
      ['query:id', 'header:X-User', 'client'],
      [{ kind: 'query', name: 'id' }, { kind: 'header', name: 'x-user' }, { kind: 'client' }],
    ],
  ])('takes the affinity %p', (affinity, expected) => {
    expect(configOf(withPool({ affinity })).pools[0]?.affinity).toEqual(expected as never)
  })

  test('takes empty routes for none', () => {
    expect(configOf(withTop({ routes: [] })).routes).toEqual([{ match: everything, pool: 'web', priority: 5 }])
  })

  test('takes a pool without members', () => {
    expect(configOf({ pools: { web: { backends: [] } } }).pools[0]?.members).toEqual([])
  })

  test('lets two pools read one members file', () => {
    const pool = { backends: { file: 'm.json' } }
    const source = { routes: [{ pool: 'a' }], pools: { a: pool, b: pool } }
    const members = { '/app/m.json': '{ "backends": ["http://a"] }' }
    expect(configOf(source, { members }).pools.map((each) => each.members.length)).toEqual([1, 1])
    expect(problemsOf(source, { members: { '/app/m.json': '{}' } })).toEqual(['m.json:1:1: backends is required'])
  })
})

describe('a members file', () => {
  const source = { pools: { web: { backends: { file: 'sub/m.json' } } } }
  const told = (text: string) => problemsOf(source, { members: { '/app/sub/m.json': text } })

  test.each([
    ['', '1:1: must hold a JSON object, this file is empty'],
    ['[]', '1:1: must be an object with the keys backends, got []'],
    ['{}', '1:1: backends is required'],
    ['{ "backends": ["http://a"', '1:26: a closing ] is expected here, for the [ in line 1'],
    [
      '{\n  "backends": ["http://a", "http://a:80"] }',
      '2:28: backends[1] must differ from the others, yet is the same backend as [0], got "http://a:80"',
    ],
    [
      '{ "backends": [{ "url": "http://a", "wieght": 1 }] }',
      '1:37: backends[0].wieght is not a known key (did you mean "weight"?)',
    ],
    ['{ "backends": { "file": "other.json" } }', '1:15: backends must be a list, got an object'],
  ])('%p is told in its own coordinates', (text, problem) => {
    expect(told(text)[0]).toBe(`sub/m.json:${problem}`)
  })

  test('holds ten thousand members', () => {
    const backends = Array.from({ length: 10_000 }, (_, index) => `http://10.0.${index >> 8}.${index & 255}:80`)
    const config = configOf(source, { members: { '/app/sub/m.json': JSON.stringify({ backends }) } })
    expect(config.pools[0]?.members.length).toBe(10_000)
  })
})

describe('secrets', () => {
  const secret = 'tops3cret'

  test.each([
    withTop({ admin: { token: [secret] } }),
    withTop({ admin: { token: `${secret} with space` } }),
    withTop({ admin: { token: `${secret}\${MISSING}` } }),
    withTop({ admin: { token: '${TOKEN} with space' } }),
    withTop({ admin: { tokn: secret } }),
    withTop({ admin: secret }),
    withTop({ admin: { address: '0.0.0.0:1', tokn: secret } }),
    withTop({ routes: [{ match: { header: { 'x-key': `${secret} ` } }, pool: 'web' }] }),
    withTop({ routes: [{ match: { header: [secret] } }, { match: { header: secret } }, { match: secret }, secret] }),
    withPool({ strategy: { use: 'p2c', options: { a: `${secret}\${MISSING}` } } }),
    withTop({ timeouts: { head: '${TOKEN}' } }),
    { pools: { web: { backends: [`http://user:${secret}@host:80`] } } },
    { pools: { web: { backends: [`user:${secret}@host:80`] } } },
    { pools: { web: { backends: ['${TOKEN}'] } } },
    withPool({ strategy: '${TOKEN}' }),
    withTop({ routes: [{ pool: '${TOKEN}' }] }),
    `{ "admin": { "token": "${secret} } }`,
    `{ "admin": { "token": ${secret} } }`,
    `{ "admin": { "token": "a", "token": "${secret}" }, "pools": { "a": { "backends": [] } } }`,
  ])('do not show in the problems of %j', (source) => {
    const problems = problemsOf(source, { env: { TOKEN: secret } })
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.join('\n')).not.toContain(secret)
  })
})
