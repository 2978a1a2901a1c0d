import { describe, expect, test } from 'bun:test'
import type { EdgeLoad, Load } from '../../../core/control/edge-control.ts'
import { planChanges } from '../../../core/control/plan.ts'
import { summarize } from '../../../core/control/summary.ts'
import { configOf, type Surroundings, withPool, withTop } from '../config/read-config.ts'

const noLoad: EdgeLoad = { listeners: new Map(), pools: new Map() }

/** Changes as `key: text`, with what they end when that is not nothing. */
function changes(from: object, to: object, load = noLoad, surroundings: Surroundings = {}): string[] {
  const [old, next] = [configOf(from, surroundings), configOf(to, surroundings)]
  return planChanges(old, next, load).map(({ key, text, connections, tunnels }) =>
    connections + tunnels === 0 ? `${key}: ${text}` : `${key}: ${text} (${connections}, ${tunnels})`,
  )
}

const members = (...backends: unknown[]) => withPool({ backends })

describe('planChanges', () => {
  test('finds nothing between equal configs', () => {
    const text = withTop({ limits: { fields: 50 }, geo: { header: 'x-zone' }, admin: { token: 'hunter2' } })
    expect(changes(text, text)).toEqual([])
  })

  test.each<[string, object, object, string[]]>([
    [
      'members that came and went',
      members('http://a', 'http://b'),
      members('http://b', 'http://c'),
      ['pools.web: backend c:80 added', 'pools.web: backend a:80 removed'],
    ],
    ['a weight', members('http://a'), members({ url: 'http://a', weight: 2 }), ['pools.web: weight of a:80 1 -> 2']],
    [
      'a bound',
      members('http://a'),
      members({ url: 'http://a', maxInflight: 5 }),
      ['pools.web: maxInflight of a:80 none -> 5'],
    ],
    [
      'a queue',
      withPool({ maxInflight: 5, queue: { length: 3 } }),
      withPool({ maxInflight: 6, queue: { length: 4 } }),
      ['pools.web: maxInflight 5 -> 6', 'pools.web: queue.length 3 -> 4'],
    ],
    [
      'keys that stand elsewhere in the file than in what is made of it',
      withPool({ health: { path: '/a', jitter: 0.1 }, breaker: { failures: ['timeout', '503'], jitter: 0.1 } }),
      withPool({ health: { path: '/b', jitter: 0.2 }, breaker: { failures: ['reset', '504'], jitter: 0.2 } }),
      [
        'pools.web: health.path "/a" -> "/b"',
        'pools.web: health.jitter 0.1 -> 0.2',
        'pools.web: breaker.failures changed',
        'pools.web: breaker.jitter 0.1 -> 0.2',
      ],
    ],
    [
      'another kind of check',
      withPool({ health: { check: 'tcp' } }),
      withPool({ health: { path: '/' } }),
      [
        'pools.web: health.check "tcp" -> "http"',
        'pools.web: health.path none -> "/"',
        'pools.web: health.expect added',
      ],
    ],
    [
      'a sticky cookie',
      withPool({ sticky: { cookie: { name: 'a', maxAge: '1h' } } }),
      withPool({ sticky: { cookie: { name: 'b', maxAge: '2h' } } }),
      ['pools.web: sticky.cookie.name "a" -> "b"', 'pools.web: sticky.cookie.maxAge 1h -> 2h'],
    ],
    [
      'what learns sessions',
      withPool({ sticky: { learn: { cookie: 'a' } } }),
      withPool({ sticky: { learn: { header: 'b' }, size: '2MiB' } }),
      [
        'pools.web: sticky.learn "cookie" -> "header"',
        'pools.web: sticky.learn "a" -> "b"',
        'pools.web: sticky.size 8MiB -> 2MiB',
      ],
    ],
    [
      'what is at the top',
      withTop({
        clients: { store: '/a' },
        overload: { memory: '80%' },
        tracing: { endpoint: 'http://a/', sample: 0.1 },
      }),
      withTop({
        clients: { store: '/b', redis: 'redis://:secret@a' },
        overload: { memory: '90%' },
        tracing: { endpoint: 'http://a/', sample: 0.2, propagate: ['b3'] },
      }),
      [
        'clients: store "/a" -> "/b"',
        'clients: redis added',
        'overload: memory 0.8 -> 0.9',
        'tracing: sample 0.1 -> 0.2',
        'tracing: propagate changed',
      ],
    ],
    ['the access log, as the file names it', withTop({}), withTop({ log: { access: {} } }), ['log.access: added']],
    [
      'what an access log writes and where, as the file names it',
      withTop({ log: { access: {} } }),
      withTop({ log: { access: { to: '/a.log', format: 'common', always: { slower: '1s' }, hide: ['pin'] } } }),
      [
        'log.access: to "stdout" -> "/a.log"',
        'log.access: format "json" -> "common"',
        'log.access: always added',
        'log.access: sample 1 -> 0',
        'log.access: hide added',
      ],
    ],
    [
      'a format of its own, and values of JSON',
      withTop({ log: { access: { format: '{client} {header:x}', always: { slower: '1s' } } } }),
      withTop({ log: { access: { fields: ['client'], always: { slower: '2s' } } } }),
      [
        'log.access: format "{client} {header:x}" -> "json"',
        'log.access: fields added',
        'log.access: always.slower 1s -> 2s',
      ],
    ],
    [
      'what a URL asks with, which may be a key',
      withTop({ tracing: { endpoint: 'http://a/v1?key=hunter2' } }),
      withTop({ tracing: { endpoint: 'http://a/v1?key=hunter3' } }),
      ['tracing: endpoint changed'],
    ],
    [
      'a URL that asked with something',
      withTop({ tracing: { endpoint: 'http://a/v1?key=hunter2' } }),
      withTop({ tracing: { endpoint: 'http://b/v1' } }),
      ['tracing: endpoint "http://a/v1?***" -> "http://b/v1"'],
    ],
    ['a tier', members('http://a'), members({ url: 'http://a', tier: 1 }), ['pools.web: tier of a:80 0 -> 1']],
    ['a drain', members('http://a'), members({ url: 'http://a', drain: true }), ['pools.web: a:80 drains']],
    [
      'the end of a drain',
      members({ url: 'http://a', drain: true }),
      members('http://a'),
      ['pools.web: a:80 takes requests again'],
    ],
    [
      'a zone and a place',
      members('http://a'),
      members({ url: 'http://a', zone: 'eu', place: { latitude: 1, longitude: 2 } }),
      ['pools.web: zone of a:80 none -> "eu"', 'pools.web: place of a:80 added'],
    ],
    [
      'the order of members',
      members('http://a', 'http://b'),
      members('http://b', 'http://a'),
      ['pools.web: backends in another order'],
    ],
    ['a strategy', withPool({}), withPool({ strategy: 'random' }), ['pools.web: strategy expected-delay -> random']],
    [
      'strategy options, without showing them',
      withPool({ strategy: { use: 'peak-ewma', options: { key: 'hunter2' } } }),
      withPool({ strategy: { use: 'peak-ewma', options: { key: 'hunter3' } } }),
      ['pools.web: strategy options changed'],
    ],
    ['health checks', withPool({}), withPool({ health: {} }), ['pools.web: health added']],
    [
      'one key of the health checks',
      withPool({ health: {} }),
      withPool({ health: { interval: '7s' } }),
      ['pools.web: health.interval 5s -> 7s'],
    ],
    [
      'times, sizes and counts',
      withTop({}),
      withTop({
        limits: { head: '32KiB', target: '8KiB', fields: 64, connections: 5, replay: '1MiB' },
        timeouts: { body: '90s' },
        drainTimeout: '1s',
      }),
      [
        'limits: head 64KiB -> 32KiB',
        'limits: target 16KiB -> 8KiB',
        'limits: fields 256 -> 64',
        'limits: connections none -> 5',
        'limits: replay 64MiB -> 1MiB',
        'timeouts: body 30s -> 90s',
        'drainTimeout: 5m -> 1s',
      ],
    ],
    [
      'the kind of sockets, which is chosen once',
      withTop({}),
      withTop({ transport: 'bun' }),
      ['transport: "auto" -> "bun", with the next start'],
    ],
    ['trusted proxies', withTop({}), withTop({ trustedProxies: ['::1'] }), ['trustedProxies: changed']],
    [
      'a token, without showing it',
      withTop({ admin: { token: 'a' } }),
      withTop({ admin: { token: 'b' } }),
      ['admin: token changed'],
    ],
    ['an admin API opened to changes', withTop({}), withTop({ admin: { open: true } }), ['admin: open false -> true']],
    ['an admin API switched off', withTop({}), withTop({ admin: false }), ['admin: removed']],
    [
      'settings of listeners that stay where they are',
      withTop({ listeners: { a: { address: 'unix:/a' }, b: { address: '0.0.0.0:2' } } }),
      withTop({
        listeners: { a: { address: 'unix:/a', permissions: '060' }, b: { address: '0.0.0.0:2', reusePort: true } },
      }),
      ['listeners.a: permissions none -> "0060"', 'listeners.b: reusePort false -> true'],
    ],
    [
      'listeners that came, moved and went',
      withTop({ listeners: { a: { address: '0.0.0.0:1' }, b: { address: '0.0.0.0:2' } } }),
      withTop({ listeners: { b: { address: '0.0.0.0:3' }, c: { address: '0.0.0.0:4' } } }),
      [
        'listeners.b: moved 0.0.0.0:2 -> 0.0.0.0:3',
        'listeners.c: added on 0.0.0.0:4',
        'listeners.a: removed from 0.0.0.0:1',
      ],
    ],
    [
      'routes, without the values of fields',
      withTop({ routes: [{ pool: 'web' }] }),
      withTop({
        routes: [
          {
            match: { host: 'a.b', path: '/v1/*', method: ['GET', 'PUT'], header: { 'x-key': 'hunter2' } },
            pool: 'web',
          },
          { pool: 'web' },
        ],
      }),
      ['routes: added: GET|PUT a.b/v1/* x-key=*** to web'],
    ],
    [
      'a route whose field wants another value, without showing either',
      withTop({ routes: [{ match: { header: { 'x-key': 'hunter2' } }, pool: 'web' }, { pool: 'web' }] }),
      withTop({ routes: [{ match: { header: { 'x-key': 'hunter3' } }, pool: 'web' }, { pool: 'web' }] }),
      ['routes: added: x-key=*** to web', 'routes: removed: x-key=*** to web'],
    ],
    [
      'what a route says of its requests',
      withTop({ routes: [{ pool: 'web', timeouts: { request: '10s', connect: '1s' }, retry: { attempts: 3 } }] }),
      withTop({ routes: [{ pool: 'web', timeouts: { request: '5s' }, hedge: {} }] }),
      [
        'routes: * to web: timeouts.request 10s -> 5s',
        'routes: * to web: timeouts.connect 1s -> none',
        'routes: * to web: retry removed',
        'routes: * to web: hedge added',
      ],
    ],
    [
      'the order of routes',
      withTop({ routes: [{ match: { path: '/a' }, pool: 'web' }, { pool: 'web' }] }),
      withTop({ routes: [{ pool: 'web' }, { match: { path: '/a' }, pool: 'web' }] }),
      ['routes: in another order'],
    ],
    [
      'pools',
      { pools: { a: { backends: [] } } },
      { pools: { 'b.c': { backends: ['http://x', 'http://y'] } } },
      ['routes: added: * to b.c', 'routes: removed: * to a', 'pools["b.c"]: added, 2 backends', 'pools.a: removed'],
    ],
  ])('tells %s', (_title, from, to, expected) => {
    expect(changes(from, to)).toEqual(expected)
  })

  test('counts what is open on a backend, pool or listener that goes', () => {
    const load = (connections: number, tunnels: number): Load => ({ connections, tunnels })
    const edge: EdgeLoad = {
      listeners: new Map([['0.0.0.0:1', load(9, 4)]]),
      pools: new Map([
        [
          'web',
          new Map([
            ['a:80', load(3, 1)],
            ['b:80', load(7, 7)],
          ]),
        ],
        [
          'api',
          new Map([
            ['a:80', load(1, 1)],
            ['b:80', load(2, 0)],
          ]),
        ],
      ]),
    }
    const routes = [{ pool: 'web' }]
    const from = {
      listeners: { l: { address: '0.0.0.0:1' } },
      routes,
      pools: { web: { backends: ['http://a', 'http://b'] }, api: { backends: ['http://a', 'http://b'] } },
    }
    const to = { listeners: { l: { address: '0.0.0.0:2' } }, routes, pools: { web: { backends: ['http://b'] } } }
    expect(changes(from, to, edge)).toEqual([
      'listeners.l: moved 0.0.0.0:1 -> 0.0.0.0:2 (9, 4)',
      'pools.web: backend a:80 removed (3, 1)',
      'pools.api: removed (3, 1)',
    ])
  })
})

describe('summarize', () => {
  const summary = (from: object, to: object) => summarize(planChanges(configOf(from), configOf(to), noLoad), 'nothing')

  test('names members that came and went, tells the rest', () => {
    const to = members('http://c', 'http://d', { url: 'http://b', weight: 2 })
    expect(summary(members('http://a', 'http://b'), to)).toBe('pools.web: +c:80, +d:80, -a:80, weight of b:80 1 -> 2')
  })

  test('counts members when they are many', () => {
    const many = Array.from({ length: 4 }, (_, at) => `http://h${at}`)
    expect(summary(members('http://a'), members('http://a', ...many))).toBe('pools.web: +4 backends')
    expect(summary(members('http://a', ...many), members('http://b'))).toBe('pools.web: +b:80, -5 backends')
  })

  test('says so when nothing changed', () => expect(summary(withTop({}), withTop({}))).toBe('nothing'))

  test('stays one short line for ten thousand changes', () => {
    const weights = (weight: number) => Array.from({ length: 2000 }, (_, at) => ({ url: `http://h${at}`, weight }))
    const pools = (weight: number) =>
      Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`p${at}`, { backends: weights(weight) }]))
    const text = summary({ pools: pools(1), routes: [{ pool: 'p0' }] }, { pools: pools(2), routes: [{ pool: 'p0' }] })
    expect(text).toStartWith('pools.p0: weight of h0:80 1 -> 2, ')
    expect(text).toContain(' and 1996 more; pools.p1: ')
    expect(text.length).toBeLessThan(1000)
  })

  test('joins the changes of several keys', () => {
    expect(summary(withTop({}), withTop({ drainTimeout: '1s', shutdownTimeout: '1s' }))).toBe(
      'shutdownTimeout: 25s -> 1s; drainTimeout: 5m -> 1s',
    )
  })
})
