/** What may be said of `limits`, and what is told of the rest. */
import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withPool, withTop } from './read-config.ts'

const withRoute = (...limits: unknown[]) => withTop({ routes: [{ pool: 'web', limits }] })
const limitsOf = (...limits: unknown[]) => configOf(withRoute(...limits)).routes[0]?.limits
const problemOf = (...limits: unknown[]): string =>
  problemsOf(withRoute(...limits))
    .map((problem) => problem.replace(/^edge\.json:1:\d+: routes\[0\]\.limits/, ''))
    .join('\n')

const byAddress = { by: [{ kind: 'address' } as const], report: false }

describe('limits', () => {
  test('are by address, refuse, and are called what they are, unless something else is said', () => {
    expect(limitsOf({ rate: '100/s' }, { inFlight: 20 }, { connections: 50 })).toEqual([
      { kind: 'rate', name: 'rate', ...byAddress, rate: { count: 100, perMs: 1000 }, burst: 100 },
      { kind: 'in-flight', name: 'in-flight', ...byAddress, most: 20 },
      { kind: 'connections', name: 'connections', ...byAddress, most: 50 },
    ])
  })

  test('are read as they are said', () => {
    const written = { name: 'daily', rate: '10000/d', burst: 500, by: ['client', { header: 'X-Tenant' }], report: true }
    expect(limitsOf(written)).toEqual([
      {
        kind: 'rate',
        name: 'daily',
        by: [{ kind: 'client' }, { kind: 'header', name: 'x-tenant' }],
        report: true,
        rate: { count: 10_000, perMs: 86_400_000 },
        burst: 500,
      },
    ])
  })

  test.each([
    ['address', [{ kind: 'address' }]],
    ['route', [{ kind: 'route' }]],
    [{ cookie: 'SID' }, [{ kind: 'cookie', name: 'SID' }]],
    [['address'], [{ kind: 'address' }]],
  ])('are by %j', (by, parts) => expect(limitsOf({ rate: '1/s', by })?.[0]?.by).toEqual(parts as never))

  test('may stand in a pool, and are none when nothing is said', () => {
    const [pool] = configOf(withPool({ limits: [{ rate: '5/s' }] })).pools
    expect(pool?.limits).toHaveLength(1)
    const config = configOf(withTop({ routes: [{ pool: 'web' }] }))
    expect([config.pools[0]?.limits, config.routes[0]?.limits]).toEqual([undefined, undefined])
    expect(limitsOf()).toEqual([])
  })

  test('of a rate may be shared, by the Redis that is named', () => {
    const clients = { redis: 'redis://10.0.0.5' }
    const shared = configOf(
      withTop({ clients, pools: { web: { backends: [], limits: [{ rate: '5/s', shared: true }] } } }),
    )
    expect(shared.pools[0]?.limits).toMatchObject([{ kind: 'rate', shared: true }])
    expect(limitsOf({ rate: '5/s', shared: false })?.[0]).not.toHaveProperty('shared')
  })

  test('may take their rate from a variable', () => {
    const config = configOf(withRoute({ rate: '${RATE}' }), { env: { RATE: '7/m' } })
    expect(config.routes[0]?.limits?.[0]).toMatchObject({ rate: { count: 7, perMs: 60_000 }, burst: 1 })
  })
})

const rateRule =
  '[0].rate must be a whole number of requests from 1 to 1000000000, and s, m, h or d, such as "100/s", got'
const kindRule = 'must have one of the keys rate, inFlight, connections, got'
const partRule = 'must be "address", "route", "client", { "header": … } or { "cookie": … }'
const nameRule =
  'must be a name of 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit, got'

describe('limits are refused that', () => {
  test.each<readonly [string, unknown, string]>([
    ['let nobody in', { rate: '0/s' }, `${rateRule} "0/s" (a rate of 0 lets nobody in: leave the route out instead)`],
    ['are negative', { rate: '-1/s' }, `${rateRule} "-1/s"`],
    ['are broken', { rate: '1.5/s' }, `${rateRule} "1.5/s"`],
    ['are huge', { rate: '1000000001/s' }, `${rateRule} "1000000001/s"`],
    ['have no unit', { rate: '100' }, `${rateRule} "100"`],
    ['are bare numbers', { rate: 100 }, `${rateRule} 100 (did you mean "100/s"?)`],
    ['are told in other words', { rate: '100 per second' }, `${rateRule} "100 per second" (did you mean "100/s"?)`],
    ['have another unit', { rate: '100r/min' }, `${rateRule} "100r/min" (did you mean "100/m"?)`],
    ['hold control characters', { rate: '1/s\u0000' }, `${rateRule} "1/s\\u0000"`],
    ['burst with none', { rate: '1/s', burst: 0 }, '[0].burst must be a whole number from 1 to 1000000000, got 0'],
    ['burst hugely', { rate: '1/s', burst: 1e21 }, '[0].burst must be a whole number from 1 to 1000000000, got 1e+21'],
    ['let none be under way', { inFlight: 0 }, '[0].inFlight must be a whole number from 1 to 1000000, got 0'],
    ['let -1 be under way', { inFlight: -1 }, '[0].inFlight must be a whole number from 1 to 1000000, got -1'],
    ['let none be open', { connections: 0 }, '[0].connections must be a whole number from 1 to 1000000, got 0'],
    ['have nothing to bound', {}, `[0] ${kindRule} {}`],
    ['have two things to bound', { rate: '1/s', inFlight: 1 }, `[0] ${kindRule} an object`],
    [
      'burst what is under way',
      { inFlight: 2, burst: 3 },
      '[0].burst is for a rate: what is under way has no bursts, got 3',
    ],
    [
      'count connections by client',
      { connections: 2, by: 'client' },
      '[0].by must be "address": a connection may serve many clients, yet comes from one, got "client"',
    ],
    ['go by nothing', { rate: '1/s', by: [] }, '[0].by must list 1 to 4 keys, got []'],
    ['go by one thing twice', { rate: '1/s', by: ['route', 'route'] }, '[0].by must list no key twice, got a list'],
    [
      'go by too much',
      { rate: '1/s', by: Array.from({ length: 5 }, (_, at) => ({ header: `x-${at}` })) },
      '[0].by must list 1 to 4 keys, got a list',
    ],
    ['go by a number', { rate: '1/s', by: 5 }, `[0].by ${partRule}, or a list of these, got 5`],
    ['go by lists of lists', { rate: '1/s', by: [['route']] }, `[0].by[0] ${partRule}, got a list`],
    [
      'go by no field',
      { rate: '1/s', by: { header: 'a b' } },
      '[0].by.header must be a field name such as "x-api-key", got "a b"',
    ],
    [
      'go by no cookie',
      { rate: '1/s', by: { cookie: 'a;b' } },
      '[0].by.cookie must be a cookie name such as "session", got "a;b"',
    ],
    [
      'go by a field and a cookie',
      { rate: '1/s', by: { header: 'a', cookie: 'b' } },
      '[0].by must have one of the keys header and cookie, got an object',
    ],
    ['have no name', { rate: '1/s', name: '' }, `[0].name ${nameRule} ""`],
    ['have an injected name', { rate: '1/s', name: 'a"\r\nX: y' }, `[0].name ${nameRule} "a\\"\\r\\nX: y"`],
    [
      'are shared by nobody',
      { rate: '1/s', shared: true },
      '[0].shared needs clients.redis, the server by which nodes share, got true',
    ],
    [
      'share what is under way',
      { inFlight: 1, shared: true },
      '[0].shared is for a rate: what is under way is counted by each node, got true',
    ],
    ['report perhaps', { rate: '1/s', report: 'yes' }, '[0].report must be true or false, got "yes"'],
    [
      'are no objects',
      '1/s',
      '[0] must be an object with the keys name, rate, burst, inFlight, connections, by, shared, report, got "1/s"',
    ],
  ])('%s', (_, limit, problem) => expect(problemOf(limit)).toBe(problem))

  test('have the name of another', () => {
    expect(problemOf({ rate: '1/s' }, { inFlight: 1 }, { rate: '2/s' })).toBe(
      '[2] must have a name that no other has, and "rate" has been given, got an object',
    )
  })

  test('are more than sixteen', () => {
    const many = Array.from({ length: 17 }, (_, index) => ({ name: `n${index}`, rate: '1/s' }))
    expect(problemOf(...many)).toBe(' must list no more than 16 limits, got a list')
    expect(problemOf(...many.slice(1))).toBe('')
  })
})
